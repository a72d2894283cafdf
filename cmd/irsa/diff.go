package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/compare"
)

func newDiffCommand(env environment, output *outputFormat) *cobra.Command {
	d := &differ{env: env, output: output}
	command := &cobra.Command{
		Use:   "diff FIRST SECOND",
		Short: "Say whether two policy documents grant the same",
		Long: `diff compares what two documents grant, however they are written. Where they differ it says, statement by statement, what either allows that
the other does not, with a request for each action that shows it. Every such request has been decided under both documents; --cases prints
them as cases for irsa simulate, which then says so again. docs/compare.md says how the comparison is made, and what it cannot prove.

What the documents are for is guessed from them (no Principal: identity; Principal without Resource: trust; both: resource) unless --kind says so.
Boundaries, session policies and service control policies are compared as identity policies are.

What the two deny explicitly is compared as well and told, since it matters where other policies allow; it counts as a difference with --denials.

Exit code 0 when it is proven that the two grant the same, 1 when they do not, 2 when no difference was found and none can be ruled out.`,
		Example: `  irsa diff old.json new.json
  irsa diff --cases old.json new.json | irsa simulate --explain`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, files []string) error { return d.run(files) },
	}
	flags := command.Flags()
	flags.StringVar(&d.kind, "kind", "", "what the documents are for: identity, trust or resource")
	flags.BoolVar(&d.cases, "cases", false, "print only the requests that show a difference, as cases for irsa simulate")
	flags.BoolVar(&d.denials, "denials", false, "count it as a difference if the two do not deny the same explicitly")
	flags.BoolVar(&d.options.KnownActions, "known-actions", false, "count only requests that AWS has: its actions, and \"*\" for those without resource-level permissions")
	flags.IntVar(&d.options.Steps, "steps", compare.DefaultSteps, "how much work to do before giving up")
	return command
}

// differ is one run of irsa diff.
type differ struct {
	env     environment
	output  *outputFormat
	kind    string
	cases   bool
	denials bool
	options compare.Options
	files   []string
}

func (d *differ) run(files []string) error {
	d.files = files
	var documents [2]*policy.Document
	for i, file := range files {
		var err error
		if documents[i], err = readDocument(d.env, file); err != nil {
			return err
		}
	}
	kind, err := d.kindOf(documents)
	if err != nil {
		return err
	}
	d.options.Kind = kind
	for i, document := range documents {
		if _, err := policy.Compile("policy", document, policy.Options{Kind: kind}); err != nil {
			return documentError(files[i], err)
		}
	}
	if d.options.Reference, err = awsmodel.NewReference(); err != nil {
		return fmt.Errorf("opening the Service Authorization Reference: %w", err)
	}
	result, err := compare.Diff(documents[0], documents[1], d.options)
	if err != nil {
		return fmt.Errorf("comparing %s and %s: %w", files[0], files[1], err)
	}
	switch {
	case d.cases:
		err = d.printCases(result)
	case *d.output == outputJSON:
		err = printJSON(d.env, d.report(result))
	default:
		d.print(result)
	}
	switch {
	case err != nil:
		return err
	case result.Different() || d.denials && len(result.AddedDenials)+len(result.RemovedDenials) > 0:
		return errFound
	case !result.Same() || d.denials && !result.SameDenials():
		return errFailed
	}
	return nil
}

// readDocument reads and parses one document; - is stdin.
func readDocument(env environment, file string) (*policy.Document, error) {
	var source []byte
	var err error
	if file == "-" {
		file = "stdin"
		source, err = io.ReadAll(io.LimitReader(env.stdin, policy.MaxDocumentSize+1))
	} else {
		source, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, failure("Unreadable", err, "name a file that holds one policy document")
	}
	document, err := policy.Parse(source)
	if err != nil {
		return nil, documentError(file, err)
	}
	return document, nil
}

// documentError says where in the file the document is wrong.
func documentError(file string, err error) error {
	described := &commandError{Code: "MalformedPolicyDocument", Err: err, Hint: "irsa lint says more about a document; placeholders must be filled in first"}
	if positioned := (*policy.Error)(nil); errors.As(err, &positioned) {
		described.Err, described.File = errors.New(positioned.Message), file
		described.Line, described.Column = positioned.Position.Line, positioned.Position.Column
	}
	return described
}

// kindOf is what the documents are for, as --kind says or as they look.
func (d *differ) kindOf(documents [2]*policy.Document) (policy.Kind, error) {
	kinds := map[string]policy.Kind{"identity": policy.Identity, "trust": policy.Trust, "resource": policy.Resource}
	if d.kind != "" {
		kind, ok := kinds[d.kind]
		if !ok {
			return 0, failure("Usage", fmt.Errorf("--kind %s is not compared", d.kind), "it is identity, trust or resource")
		}
		return kind, nil
	}
	kind, known := policy.Identity, false
	for i, document := range documents {
		if document.Len() == 0 {
			continue // nothing to tell by
		}
		looks := looksLike(document)
		if known && looks != kind {
			return 0, failure("DifferentKinds", fmt.Errorf("%s and %s are not for the same: one names principals or resources and the other does not", d.files[0], d.files[i]),
				"compare documents of one kind, or say which with --kind")
		}
		kind, known = looks, true
	}
	return kind, nil
}

func looksLike(document *policy.Document) policy.Kind {
	principal, resource := false, false
	for i := range document.Len() {
		s := document.Statement(i)
		principal, resource = principal || s.Principal != nil, resource || s.Resource.Name != ""
	}
	switch {
	case !principal:
		return policy.Identity
	case resource:
		return policy.Resource
	}
	return policy.Trust
}

// printCases writes each request that shows a difference under both documents.
func (d *differ) printCases(result *compare.Result) error {
	lists := [][]compare.Grant{result.Removed, result.Added}
	if d.denials {
		lists = append(lists, result.RemovedDenials, result.AddedDenials)
	}
	number := 0
	for _, grant := range slices.Concat(lists...) {
		for _, action := range grant.Actions {
			number++
			for _, line := range action.Witness.Cases(fmt.Sprintf("%d %s", number, d.files[0]), fmt.Sprintf("%d %s", number, d.files[1])) {
				if len(line) > policy.MaxLineSize {
					return failure("TooLong", errors.New("a case with these documents is longer than a line of irsa simulate may be"), "leave --cases out")
				}
				fmt.Fprintf(d.env.stdout, "%s\n", line)
			}
		}
	}
	for _, reason := range result.NotProven {
		fmt.Fprintf(d.env.stderr, "not proven: %s\n", printable(reason))
	}
	return nil
}

func (d *differ) print(result *compare.Result) {
	var b strings.Builder
	switch {
	case result.Same():
		fmt.Fprintf(&b, "%s and %s grant the same.\n", d.files[0], d.files[1])
	case result.Different():
		fmt.Fprintf(&b, "%s and %s do not grant the same.\n", d.files[0], d.files[1])
	default:
		b.WriteString("No difference found, but it is not proven that there is none.\n")
	}
	d.printGrants(&b, "allows", result.Removed, 0)
	d.printGrants(&b, "allows", result.Added, 1)
	for i, reason := range result.NotProven {
		if i == 0 && result.Different() {
			b.WriteString("\nThere may be more differences than these.\n")
		}
		fmt.Fprintf(&b, "not proven: %s\n", printable(reason))
	}
	if d.denials || result.Same() && !result.SameDenials() {
		d.printDenials(&b, result)
	}
	if result.Different() {
		fmt.Fprintf(&b, "\nEvery request was decided under both. To see it: irsa diff --cases %s %s | irsa simulate --explain\n", quoted(d.files[0]), quoted(d.files[1]))
	}
	fmt.Fprint(d.env.stdout, b.String())
}

// quoted is a file's name as a shell takes it for one word.
func quoted(file string) string {
	if strings.Trim(file, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%") == "" {
		return file
	}
	return "'" + strings.ReplaceAll(file, "'", `'\''`) + "'"
}

// printDenials says what either document denies explicitly beyond the other.
func (d *differ) printDenials(b *strings.Builder, result *compare.Result) {
	if len(result.AddedDenials)+len(result.RemovedDenials) > 0 {
		b.WriteString("They do not deny the same explicitly, which matters where other policies allow.\n")
	}
	d.printGrants(b, "denies", result.RemovedDenials, 0)
	d.printGrants(b, "denies", result.AddedDenials, 1)
	for _, reason := range result.DenialsNotProven {
		fmt.Fprintf(b, "not proven of what they deny: %s\n", printable(reason))
	}
}

// printGrants says what the file with the number allows, or denies, beyond the other.
func (d *differ) printGrants(b *strings.Builder, verb string, grants []compare.Grant, number int) {
	if len(grants) == 0 {
		return
	}
	fmt.Fprintf(b, "\nOnly %s %s:\n", d.files[number], verb)
	for _, grant := range grants {
		name := fmt.Sprintf("statement %d", grant.Number)
		if sid := grant.Statement.SID.Value; sid != "" {
			name += " (" + printable(sid) + ")"
		}
		fmt.Fprintf(b, "\n  %s:%d:%d %s\n", d.files[number], grant.Statement.Position.Line, grant.Statement.Position.Column, name)
		for _, action := range grant.Actions {
			fmt.Fprintf(b, "    %s\n", printable(action.Name))
			for _, known := range action.Known {
				fmt.Fprintf(b, "      %s\n", known)
			}
		}
		for i, resource := range grant.Resources {
			on := []string{"on", ""}[min(i, 1)]
			if grant.Statement.Resource.Not {
				on = []string{"not on", "and not on"}[min(i, 1)]
			}
			fmt.Fprintf(b, "    %-4s %s\n", on, printable(resource))
		}
		for i, entry := range grant.Statement.Conditions {
			fmt.Fprintf(b, "    %-4s %s\n", []string{"if", "and"}[min(i, 1)], printable(conditionText(entry)))
		}
		if element := grant.Statement.Principal; element != nil {
			for _, list := range element.Types {
				for _, text := range list.Values {
					who := "for"
					if element.Not {
						who = "not for"
					}
					fmt.Fprintf(b, "    %-4s %s %s\n", who, list.Type, printable(text.Value))
				}
			}
		}
		witness := grant.Actions[0].Witness
		fmt.Fprintf(b, "    such as %s\n", printable(string(witness.Line())))
		decisions := []policy.Decision{witness.First, witness.Second}
		fmt.Fprintf(b, "      %s by %s, %s by %s\n", decisions[number].Effect, d.files[number], decisions[1-number].Effect, d.files[1-number])
	}
}

// conditionText is a condition on one line.
func conditionText(c policy.ConditionEntry) string {
	values := make([]string, len(c.Values))
	for i, value := range c.Values {
		values[i] = value.Value
	}
	return c.Operator.Name + " " + c.Key.Value + ": " + strings.Join(values, ", ")
}

// diffReport is the JSON form of a comparison.
type diffReport struct {
	Same      bool        `json:"same"`
	Different bool        `json:"different"`
	NotProven []string    `json:"notProven"`
	Removed   []diffGrant `json:"removed"` // what only the first document allows
	Added     []diffGrant `json:"added"`   // what only the second allows
	Denials   struct {
		Same      bool        `json:"same"`
		NotProven []string    `json:"notProven"`
		Removed   []diffGrant `json:"removed"`
		Added     []diffGrant `json:"added"`
	} `json:"denials"` // likewise what they deny explicitly
}

type diffGrant struct {
	Statement int          `json:"statement"`
	SID       string       `json:"sid,omitempty"`
	Line      int          `json:"line"`
	Column    int          `json:"column"`
	Resources []string     `json:"resources,omitempty"`
	Not       bool         `json:"notResource,omitempty"`
	Actions   []diffAction `json:"actions"`
}

type diffAction struct {
	Name    string             `json:"name"`
	Exact   bool               `json:"exact"`
	Known   []string           `json:"known,omitempty"`
	Request json.RawMessage    `json:"request"`
	Effects [2]string          `json:"decisions"` // under the first and the second document
	Cases   [2]json.RawMessage `json:"cases"`
}

func (d *differ) report(result *compare.Result) diffReport {
	report := diffReport{Same: result.Same(), Different: result.Different(), NotProven: append([]string{}, result.NotProven...),
		Removed: d.grants(result.Removed), Added: d.grants(result.Added)}
	report.Denials.Same, report.Denials.NotProven = result.SameDenials(), append([]string{}, result.DenialsNotProven...)
	report.Denials.Removed, report.Denials.Added = d.grants(result.RemovedDenials), d.grants(result.AddedDenials)
	return report
}

func (d *differ) grants(grants []compare.Grant) []diffGrant {
	shown := []diffGrant{}
	for _, grant := range grants {
		shown = append(shown, d.grant(grant))
	}
	return shown
}

func (d *differ) grant(g compare.Grant) diffGrant {
	shown := diffGrant{Statement: g.Number, SID: g.Statement.SID.Value, Line: g.Statement.Position.Line, Column: g.Statement.Position.Column,
		Resources: g.Resources, Not: g.Statement.Resource.Not}
	for _, action := range g.Actions {
		w := action.Witness
		shown.Actions = append(shown.Actions, diffAction{Name: action.Name, Exact: action.Exact, Known: action.Known, Request: w.Line(),
			Effects: [2]string{w.First.Effect.String(), w.Second.Effect.String()}, Cases: w.Cases(d.files[0], d.files[1])})
	}
	return shown
}
