package main

import (
	"context"
	"fmt"
	"io"

	"github.com/openirsa/openirsa/awsmodel"
)

// runModels makes the table of the services' models.
func runModels(ctx context.Context, output string, check bool, narration io.Writer) error {
	folder, err := fetchModule(ctx)
	if err != nil {
		return err
	}
	models, err := readModule(folder)
	if err != nil {
		return fmt.Errorf("reading %s: %w", moduleName, err)
	}
	made, err := encodeModels(moduleName+" "+moduleVersion, models)
	if err != nil {
		return fmt.Errorf("encoding the models: %w", err)
	}
	operations := 0
	for _, m := range models {
		operations += len(m.operations)
	}
	fmt.Fprintf(narration, "%d services, %d operations, %d bytes\n", len(models), operations, len(made))
	read, err := awsmodel.ParseModels(made)
	if err != nil {
		return fmt.Errorf("reading the models back: %w", err)
	}
	if err := read.Check(); err != nil {
		return fmt.Errorf("reading the models back: %w", err)
	}
	return finish(output, made, check)
}
