// Package sts STUB.
package sts
