package store

import (
	"fmt"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/store/memory"
)

// TestMemory holds the store that the directory's longer tests run on to the contract that the file is held to.
func TestMemory(t *testing.T) {
	testConformance(t, implementation{
		open: func(*testing.T) iam.Store { return memory.New(2000) },
		compact: func(t *testing.T, s iam.Store) {
			for range 2000/iam.MaxOperations + 1 {
				var operations []iam.Operation
				for i := range iam.MaxOperations {
					operations = append(operations, put(fmt.Sprintf("filler/%d", i), ""))
				}
				apply(t, s, operations...)
			}
		},
	})
}
