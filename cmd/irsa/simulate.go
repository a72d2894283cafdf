package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
)

func newSimulateCommand(env environment) *cobra.Command {
	explain := false
	command := &cobra.Command{
		Use:   "simulate",
		Short: "Decide requests under policies, one JSON case a line",
		Long: `simulate is the policy engine as a filter. It reads one JSON case a line from stdin and writes one JSON result a line to
stdout, in the same order. It needs no server, no network and no state. With --explain it writes for a reader instead: the
decision, and for each of its reasons the clause that decided.

Exit code 0 when every line was evaluated, whatever the decisions; 2 when a line could not be read (that line's result has
"error", and the rest still goes on).`,
		Example: `  echo '{"id":"1","request":{"principal":"arn:aws:iam::123456789012:user/Alice","action":"s3:GetObject",
    "resource":"arn:aws:s3:::bucket/key"},"policies":{"identity":[{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}]}}' | tr -d '\n' | irsa simulate`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return simulate(env.stdin, env.stdout, explain) },
	}
	command.Flags().BoolVar(&explain, "explain", false, "print decisions for a reader, with the clauses that decided, instead of JSON")
	return command
}

// simulate answers each line of in. Results are flushed whenever no further input is waiting, so that a program can hold a
// conversation through the pipe.
func simulate(in io.Reader, out io.Writer, explain bool) error {
	reference, err := awsmodel.NewReference() // tells of actions without resource-level permissions where a case does not say
	if err != nil {
		return err
	}
	simulator := policy.NewSimulator(reference)
	reader, writer := bufio.NewReaderSize(in, 64<<10), bufio.NewWriterSize(out, 64<<10)
	unreadable := 0
	for {
		line, long, err := readLine(reader, policy.MaxLineSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading cases: %w", err)
		}
		if len(line) > 0 || long {
			result, readable := answer(simulator, line, long, explain)
			if !readable {
				unreadable++
			}
			writer.Write(result) // bufio keeps the first error for Flush
		}
		if err != nil || reader.Buffered() == 0 {
			if err := writer.Flush(); err != nil {
				return fmt.Errorf("writing results: %w", err)
			}
		}
		if err != nil {
			break
		}
	}
	if unreadable > 0 {
		return failure("UnreadableCase", fmt.Errorf("lines that could not be read: %d", unreadable), `their results have an error in place of a decision`)
	}
	return nil
}

// answer is what a line is answered with.
func answer(simulator *policy.Simulator, line []byte, long, explain bool) (result []byte, readable bool) {
	switch {
	case long && explain:
		return fmt.Appendf(nil, "error: 1:%d: the line is longer than %d bytes\n", policy.MaxLineSize+1, policy.MaxLineSize), false
	case long:
		return fmt.Appendf(nil, `{"id":"","error":"1:%d: the line is longer than %d bytes"}`+"\n", policy.MaxLineSize+1, policy.MaxLineSize), false
	case explain:
		text, readable := simulator.Text(line)
		return []byte(text), readable
	}
	result, readable = simulator.Line(line)
	return append(result, '\n'), readable
}

// readLine reads up to a line feed and drops it. A line beyond limit is read to its end and reported as long, so that what
// follows still lines up. The last line may lack its line feed; io.EOF comes with it.
func readLine(reader *bufio.Reader, limit int) (line []byte, long bool, err error) {
	for {
		fragment, err := reader.ReadSlice('\n')
		if !long {
			line = append(line, fragment...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(line) > limit {
				line, long = nil, true
			}
			continue
		}
		for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
			line = line[:len(line)-1]
		}
		if len(line) > limit {
			line, long = nil, true
		}
		return line, long, err
	}
}
