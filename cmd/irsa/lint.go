package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/lint"
)

func newLintCommand(env environment, output *outputFormat) *cobra.Command {
	var kind, failOn string
	format := lintFormat{output: output}
	command := &cobra.Command{
		Use:   "lint [FILE…]",
		Short: "Find what is wrong with policy documents",
		Long: `lint reads policy documents and says what is wrong with them, where, and how to put it right: names that AWS does not have, conditions that
never hold or always do, statements without effect, grants that are wider than they look. docs/lint.md lists every finding.

A folder stands for the *.json files in it and below. Without a file, or with -, one document is read from stdin. What a document is for
is guessed from it (no Principal: identity; Principal without Resource: trust; both: resource) unless --kind says so.

Exit code 0 when nothing is as bad as --fail-on, 1 when something is, 2 when a file could not be read and nothing was found.`,
		Example: `  irsa lint trust.json policies/
  irsa lint --kind boundary --output sarif boundary.json > boundary.sarif`,
		RunE: func(_ *cobra.Command, files []string) error {
			l := linter{env: env, format: format, failOn: lint.Warning}
			var err error
			if kind != "" {
				if l.options.Kind, err = lint.ParseKind(kind); err != nil {
					return failure("Usage", err, "leave --kind out to have it guessed")
				}
			}
			if l.failOn, err = lint.ParseSeverity(failOn); err != nil {
				return failure("Usage", err, "see `irsa lint --help`")
			}
			reference, err := awsmodel.NewReference()
			if err != nil {
				return fmt.Errorf("opening the Service Authorization Reference: %w", err)
			}
			l.options.Reference = newPlaneReference(reference)
			return l.run(files)
		},
	}
	format.sarif = new(bool)
	command.Flags().StringVar(&kind, "kind", "", "what the documents are for: identity, inline-role, inline-user, inline-group, boundary, session, trust, resource, scp, rcp or endpoint")
	command.Flags().StringVar(&failOn, "fail-on", lint.Warning.String(), "the mildest finding that makes the exit code 1: suggestion, warning, security-warning or error")
	command.Flags().Var(format, "output", "how findings and errors are printed: text, json or sarif")
	return command
}

// lintFormat is --output with one value more. Errors of a run with sarif are printed as JSON.
type lintFormat struct {
	output *outputFormat
	sarif  *bool
}

// String, Set and Type make it a flag value.
func (f lintFormat) String() string { return f.output.String() }

// Set accepts the formats that exist.
func (f lintFormat) Set(value string) error {
	if value == "sarif" {
		*f.sarif, *f.output = true, outputJSON
		return nil
	}
	if f.output.Set(value) != nil {
		return fmt.Errorf("%q is neither text, json nor sarif", value)
	}
	*f.sarif = false
	return nil
}

// Type is what --help shows.
func (f lintFormat) Type() string { return "format" }

// planeReference is the Service Authorization Reference, and beside it the actions that the plane alone has. Of these it says no more than their names:
// from what they lack nothing is concluded about resources and tags.
type planeReference struct {
	*awsmodel.Reference
	own []policy.ActionEntry // ascending by name
}

const ownService = "openirsa"

func newPlaneReference(reference *awsmodel.Reference) planeReference {
	r := planeReference{Reference: reference}
	anything := []policy.ResourceUse{{Type: policy.ResourceType{Name: "any", Keys: []string{"aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}", "aws:TagKeys"}}}}
	for _, name := range awsapi.OpenIRSAOperations() {
		r.own = append(r.own, policy.ActionEntry{Name: ownService + ":" + name, ResourceTypes: anything})
	}
	return r
}

// Service, Action and Actions make it a lint.Reference.
func (r planeReference) Service(prefix string) bool {
	return strings.EqualFold(prefix, ownService) || r.Reference.Service(prefix)
}

// Action finds an action by its full name, in any case.
func (r planeReference) Action(name string) (policy.ActionEntry, bool) {
	for _, entry := range r.own {
		if strings.EqualFold(entry.Name, name) {
			return entry, true
		}
	}
	return r.Reference.Action(name)
}

// Actions are those of one service.
func (r planeReference) Actions(prefix string) []policy.ActionEntry {
	if strings.EqualFold(prefix, ownService) {
		return r.own
	}
	return r.Reference.Actions(prefix)
}

// linter is one run of the command.
type linter struct {
	env     environment
	format  lintFormat
	options lint.Options
	failOn  lint.Severity

	documents int
	findings  []fileFinding
	failures  []error
}

// fileFinding is a finding with its file.
type fileFinding struct {
	lint.Finding
	file   string
	source []byte
}

func (l *linter) run(files []string) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, file := range files {
		l.lint(file)
	}
	if err := l.print(); err != nil {
		return fmt.Errorf("writing findings: %w", err)
	}
	for _, f := range l.findings {
		if f.Severity >= l.failOn {
			return errFound
		}
	}
	if len(l.failures) > 0 {
		return errFailed
	}
	return nil
}

// lint reads a file, stdin or all of a folder. What cannot be read is kept for the end: the other files still have their turn.
func (l *linter) lint(file string) {
	if file == "-" {
		l.read("stdin", l.env.stdin)
		return
	}
	info, err := os.Stat(file)
	if err != nil {
		l.failures = append(l.failures, err)
		return
	}
	if !info.IsDir() {
		l.open(file)
		return
	}
	found := 0
	if target, err := os.Readlink(file); err == nil && target != "" {
		file += string(filepath.Separator) // WalkDir follows no link but one that ends so
	}
	err = filepath.WalkDir(file, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			l.failures = append(l.failures, err)
			return nil
		}
		if !entry.IsDir() && strings.EqualFold(filepath.Ext(path), ".json") {
			found++
			l.open(path)
		}
		return nil
	})
	if err == nil && found == 0 {
		err = fmt.Errorf("%s has no *.json file", file)
	}
	if err != nil {
		l.failures = append(l.failures, err)
	}
}

func (l *linter) open(path string) {
	file, err := os.Open(path)
	if err != nil {
		l.failures = append(l.failures, err)
		return
	}
	defer file.Close()
	l.read(path, file)
}

func (l *linter) read(name string, in io.Reader) {
	source, err := io.ReadAll(io.LimitReader(in, policy.MaxDocumentSize+1)) // one byte more is for the parser to refuse
	if err != nil {
		l.failures = append(l.failures, fmt.Errorf("reading %s: %w", name, err))
		return
	}
	l.documents++
	for _, f := range lint.Source(source, l.options) {
		l.findings = append(l.findings, fileFinding{f, name, source})
	}
}

func (l *linter) print() error {
	switch {
	case *l.format.sarif:
		return l.printSARIF()
	case *l.format.output == outputJSON:
		return printJSON(l.env, l.report())
	}
	return l.printText()
}

// maxExcerpts is how many findings are shown with their line: an excerpt reads the whole document, and a hostile one has thousands of findings.
const maxExcerpts = 200

// printText writes what a compiler would, with the place and a hint under each finding.
func (l *linter) printText() error {
	var out strings.Builder
	for i, f := range l.findings {
		if i > 0 {
			out.WriteByte('\n')
		}
		fmt.Fprintf(&out, "%s:%v: %v %s: %s\n", printable(f.file), f.Position, f.Severity, f.ID, printable(f.Message))
		if i < maxExcerpts {
			for line := range strings.Lines(policy.Excerpt(f.source, f.Position)) {
				out.WriteString("  " + line)
			}
		}
		if f.Hint != "" {
			fmt.Fprintf(&out, "  hint: %s\n", printable(f.Hint))
		}
	}
	if _, err := io.WriteString(l.env.stdout, out.String()); err != nil {
		return err
	}
	for _, failure := range l.failures {
		fmt.Fprintf(l.env.stderr, "error: %s\n", printable(failure.Error()))
	}
	return nil
}

// lintReport is the JSON form of a run.
type lintReport struct {
	Documents int           `json:"documents"`
	Findings  []lintFinding `json:"findings"`
	Errors    []string      `json:"errors,omitempty"` // files that could not be read
}

type lintFinding struct {
	File           string   `json:"file"`
	Line           int      `json:"line"`
	Column         int      `json:"column"`
	Severity       string   `json:"severity"`
	ID             string   `json:"id"`
	Message        string   `json:"message"`
	Hint           string   `json:"hint,omitempty"`
	Statement      *int     `json:"statement,omitempty"` // absent: the document as a whole
	SID            string   `json:"sid,omitempty"`
	AccessAnalyzer []string `json:"accessAnalyzer,omitempty"`
}

func (l *linter) report() lintReport {
	report := lintReport{Documents: l.documents, Findings: []lintFinding{}}
	for _, f := range l.findings {
		shown := lintFinding{File: f.file, Line: f.Position.Line, Column: f.Position.Column, Severity: f.Severity.String(), ID: f.ID, Message: f.Message,
			Hint: f.Hint, SID: f.SID, AccessAnalyzer: f.AccessAnalyzer}
		if f.Statement >= 0 {
			shown.Statement = &f.Statement
		}
		report.Findings = append(report.Findings, shown)
	}
	for _, failure := range l.failures {
		report.Errors = append(report.Errors, failure.Error())
	}
	return report
}
