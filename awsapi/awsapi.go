// Package awsapi STUB.
package awsapi
