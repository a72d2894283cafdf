// Package services STUB.
package services
