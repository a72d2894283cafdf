package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Exit codes of every command.
const (
	exitFound  = 1 // the command ran and found something: a denial, a step that came out wrong
	exitFailed = 2 // the command could not run, or could not evaluate
)

// outputFormat is the value of --output.
type outputFormat string

const (
	outputText outputFormat = "text"
	outputJSON outputFormat = "json"
)

// String, Set and Type make it a flag value.
func (f *outputFormat) String() string { return string(*f) }

// Set accepts the formats that exist.
func (f *outputFormat) Set(value string) error {
	switch outputFormat(value) {
	case outputText, outputJSON:
		*f = outputFormat(value)
		return nil
	}
	return fmt.Errorf("%q is neither text nor json", value)
}

// Type is what --help shows.
func (f *outputFormat) Type() string { return "format" }

// commandError is an error with what a person at a terminal needs beside it.
type commandError struct {
	Code         string // stable, for --output json
	Err          error
	File         string // with Line and Column where a file is at fault
	Line, Column int
	Hint         string
	Exit         int // 0: exitFailed
}

// Error is the text after "error: ".
func (e *commandError) Error() string {
	if e.File != "" {
		return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
	}
	return e.Err.Error()
}

// Unwrap gives the cause.
func (e *commandError) Unwrap() error { return e.Err }

// What a command returns that has printed everything already: only the exit code is left to give.
var (
	errFound  = errors.New("something was found")
	errFailed = errors.New("something could not be read")
)

// failure makes a commandError with a hint.
func failure(code string, err error, hint string) error {
	return &commandError{Code: code, Err: err, Hint: hint}
}

// errorReport is the JSON form of an error.
type errorReport struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// report prints err, if there is one, and returns the exit code.
func report(env environment, output outputFormat, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFound): // printed already
		return exitFound
	case errors.Is(err, errFailed):
		return exitFailed
	}
	described := &commandError{Code: "Failed", Err: err}
	if cause := (*commandError)(nil); errors.As(err, &cause) {
		described = cause
	} else if strings.HasPrefix(err.Error(), "unknown command") || strings.Contains(err.Error(), "arg(s)") || strings.HasPrefix(err.Error(), "required flag") {
		// cobra's own complaints carry no type.
		described.Code, described.Hint = "Usage", "see `irsa --help`"
	}
	if output == outputJSON {
		encoded, _ := json.Marshal(struct { // a struct of strings and ints always encodes
			Error errorReport `json:"error"`
		}{errorReport{described.Code, described.Err.Error(), described.File, described.Line, described.Column, described.Hint}})
		fmt.Fprintln(env.stdout, string(encoded))
	} else {
		fmt.Fprintf(env.stderr, "error: %s\n", lines(described.Error()))
		if described.Hint != "" {
			fmt.Fprintf(env.stderr, "hint: %s\n", lines(described.Hint))
		}
	}
	if described.Exit != 0 {
		return described.Exit
	}
	return exitFailed
}

// lines shows a text that may be somebody else's, a server's for example: nothing in it acts on a terminal, and its further lines are no hint of ours.
func lines(text string) string {
	var shown []string
	for line := range strings.Lines(text) {
		var columns []string
		for column := range strings.SplitSeq(strings.TrimRight(line, "\n"), "\t") {
			columns = append(columns, printable(column))
		}
		shown = append(shown, strings.Join(columns, "\t"))
	}
	return strings.Join(shown, "\n  ")
}

// printJSON writes one indented JSON value to stdout.
func printJSON(env environment, value any) error {
	encoder := json.NewEncoder(env.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printJSONLine writes one JSON value as a line, which a program can wait for. A reader that is gone is no concern of what serves.
func printJSONLine(env environment, value any) {
	encoder := json.NewEncoder(env.stdout)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
}
