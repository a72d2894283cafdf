// Package awsmodel STUB.
package awsmodel
