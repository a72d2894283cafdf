// Package store STUB.
package store
