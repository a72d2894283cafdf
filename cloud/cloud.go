// Package cloud STUB.
package cloud
