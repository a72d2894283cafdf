// Package gateway STUB.
package gateway
