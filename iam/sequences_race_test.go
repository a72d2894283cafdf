//go:build race

package iam_test

// defaultSequences with the race detector, under which each takes about ten times as long.
const defaultSequences = 500
