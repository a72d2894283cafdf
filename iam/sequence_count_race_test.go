//go:build race

package iam_test

// defaultSequences with the race detector, under which each takes about ten times as long. -sequences=10000 makes as many as there are without it.
const defaultSequences = 1000
