//go:build !race

package iam_test

// defaultSequences is what issue 3 asks for.
const defaultSequences = 10000
