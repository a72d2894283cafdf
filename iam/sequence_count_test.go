//go:build !race

package iam_test

// defaultSequences take a quarter of a minute on two processors.
const defaultSequences = 10000
