package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/compare"
)

// asker is one run of irsa who-can or irsa can.
type asker struct {
	env      environment
	output   *outputFormat
	policies string
	options  compare.Options
	failed   bool // something could not be answered
}

const subjectsHelp = `Users and roles come from --policies: a file, or a folder of *.json files, with what aws iam get-account-authorization-details prints. Without
it they come from the plane or account that the SDK's standard configuration names (profile, environment, AWS_ENDPOINT_URL).

Their own policies, those of their groups, and permissions boundaries are looked at. Policies of resources, session policies, policies of
organizations and trust policies are not; resources are taken to be in the principal's account.`

func newWhoCanCommand(env environment, output *outputFormat) *cobra.Command {
	a := &asker{env: env, output: output}
	command := &cobra.Command{
		Use:   "who-can ACTION RESOURCE",
		Short: "Say which users and roles may do something",
		Long: `who-can names every user and role whose policies allow ACTION on RESOURCE, and on what that depends. RESOURCE is an ARN, which may have
wildcards, or "*" for requests about no resource in particular.

` + subjectsHelp + `

Exit code 0 when everyone could be asked about, whatever the answer; 2 when someone could not.`,
		Example: `  aws iam get-account-authorization-details > account.json
  irsa who-can s3:GetObject 'arn:aws:s3:::models/*' --policies account.json`,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			return a.whoCan(command, arguments[0], arguments[1])
		},
	}
	a.flags(command)
	return command
}

func newCanCommand(env environment, output *outputFormat) *cobra.Command {
	a := &asker{env: env, output: output}
	command := &cobra.Command{
		Use:   "can PRINCIPAL [ACTION…]",
		Short: "Say what a user or role may do",
		Long: `can says what a user or role may do after Deny statements and its permissions boundary: which actions, on which resources, under which
conditions, statement by statement. PRINCIPAL is an ARN, or its end (role/app). ACTION may have wildcards; without one, every action is asked about.

` + subjectsHelp + `

Exit code 0 when the answer is complete, 2 when it is not proven to be.`,
		Example: `  irsa can role/app --policies account.json
  irsa can role/app 's3:*' iam:PassRole`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return a.can(command, arguments[0], arguments[1:])
		},
	}
	a.flags(command)
	return command
}

func (a *asker) flags(command *cobra.Command) {
	command.Flags().StringVar(&a.policies, "policies", "", "a file, or a folder of *.json files, with what aws iam get-account-authorization-details prints")
	command.Flags().IntVar(&a.options.Steps, "steps", compare.DefaultSteps, "how much work to do for each question before giving up")
}

// finding is one answer about one subject.
type finding struct {
	Principal   string           `json:"principal"`
	Action      string           `json:"action"`
	Resource    string           `json:"resource,omitempty"`
	Answer      string           `json:"answer"` // never, depends, always, undecided
	Permissions []permissionJSON `json:"permissions,omitempty"`
	NotProven   []string         `json:"notProven,omitempty"`
}

type permissionJSON struct {
	Policy    string      `json:"policy"`
	Statement int         `json:"statement"`
	SID       string      `json:"sid,omitempty"`
	Line      int         `json:"line"`
	Column    int         `json:"column"`
	Actions   []string    `json:"actions"`
	Resources []string    `json:"resources"`
	Not       bool        `json:"notResource,omitempty"`
	If        []string    `json:"if,omitempty"` // conditions about keys whose values are not known
	Limits    []limitJSON `json:"limits,omitempty"`
}

type limitJSON struct {
	Policy    string   `json:"policy"`
	Statement int      `json:"statement"`
	SID       string   `json:"sid,omitempty"`
	Effect    string   `json:"effect"` // Deny; Allow: of a permissions boundary
	Resources []string `json:"resources"`
	Not       bool     `json:"notResource,omitempty"`
	If        []string `json:"if,omitempty"`
}

func (a *asker) whoCan(command *cobra.Command, action, resource string) error {
	entries, err := a.prepare(command, []string{action}, &resource)
	if err != nil {
		return err
	}
	var findings []finding
	for _, entry := range entries {
		f, err := a.ask(entry, action, resource)
		if err != nil {
			return err
		}
		if f.Answer != compare.Never.String() {
			findings = append(findings, f)
		}
	}
	if *a.output != outputJSON && len(findings) == 0 {
		fmt.Fprintf(a.env.stdout, "nobody may %s on %s, of %d users and roles\n", printable(action), printable(resource), len(entries))
	}
	return a.print(findings)
}

func (a *asker) can(command *cobra.Command, principal string, actions []string) error {
	if len(actions) == 0 {
		actions = []string{"*"}
	}
	entries, err := a.prepare(command, actions, nil)
	if err != nil {
		return err
	}
	var found []subjectEntry
	for _, entry := range entries {
		if entry.ARN == principal || strings.HasSuffix(entry.ARN, ":"+principal) || strings.HasSuffix(entry.ARN, "/"+principal) {
			found = append(found, entry)
		}
	}
	if len(found) != 1 {
		return failure("NoSuchPrincipal", fmt.Errorf("%d users and roles are called %q", len(found), principal), "give the whole ARN")
	}
	var findings []finding
	for _, action := range actions {
		f, err := a.ask(found[0], action, "")
		if err != nil {
			return err
		}
		findings = append(findings, f)
	}
	return a.print(findings)
}

// prepare checks the question and loads the subjects.
func (a *asker) prepare(command *cobra.Command, actions []string, resource *string) ([]subjectEntry, error) {
	for _, action := range actions {
		probe := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%q,"Resource":"*"}}`, action)
		document, err := policy.Parse([]byte(probe))
		if err == nil {
			_, err = policy.Compile("action", document, policy.Options{})
		}
		if err != nil {
			return nil, failure("Usage", fmt.Errorf("%q is not an action", action), "write service:Name; * and ? stand for what is not said of the name")
		}
	}
	if resource != nil && *resource != "*" && (!strings.HasPrefix(*resource, "arn:") || strings.Count(*resource, ":") < 5) {
		return nil, failure("Usage", fmt.Errorf(`resource %q is neither an ARN nor "*"`, *resource), "an ARN has six parts: arn:partition:service:region:account:resource")
	}
	reference, err := awsmodel.NewReference()
	if err != nil {
		return nil, fmt.Errorf("opening the Service Authorization Reference: %w", err)
	}
	a.options.Reference = reference
	if resource != nil && reference.WildcardOnly(actions[0]) {
		*resource = "*" // the action's requests are about no resource in particular
	}
	return loadSubjects(command.Context(), a.policies)
}

func (a *asker) ask(entry subjectEntry, action, resource string) (finding, error) {
	f := finding{Principal: entry.ARN, Action: action, Resource: resource, Answer: compare.Undecided.String()}
	if entry.Err != nil {
		f.NotProven, a.failed = []string{entry.Err.Error()}, true
		return f, nil
	}
	answer, err := compare.Can(entry.Subject, compare.Question{Action: action, Resource: resource}, a.options)
	if positioned := (*policy.Error)(nil); errors.As(err, &positioned) {
		f.NotProven, a.failed = []string{err.Error()}, true
		return f, nil
	} else if err != nil {
		return f, err
	}
	f.Answer, f.NotProven = answer.Verdict.String(), answer.NotProven
	a.failed = a.failed || len(answer.NotProven) > 0
	for _, p := range answer.Permissions {
		f.Permissions = append(f.Permissions, newPermissionJSON(p))
	}
	return f, nil
}

func newPermissionJSON(p compare.Permission) permissionJSON {
	shown := permissionJSON{Policy: p.Policy, Statement: p.Number, SID: p.Statement.SID.Value, Line: p.Statement.Position.Line,
		Column: p.Statement.Position.Column, Resources: p.Resources, Not: p.Statement.Resource.Not, If: conditionTexts(p.Conditions)}
	for _, action := range p.Actions {
		shown.Actions = append(shown.Actions, action.Name)
	}
	for _, limit := range p.Limits {
		has := limitJSON{Policy: limit.Policy, Statement: limit.Number, SID: limit.Statement.SID.Value,
			Effect: limit.Statement.Effect.Value, Not: limit.Statement.Resource.Not, If: conditionTexts(limit.Conditions)}
		for _, text := range limit.Statement.Resource.Values {
			has.Resources = append(has.Resources, text.Value)
		}
		shown.Limits = append(shown.Limits, has)
	}
	return shown
}

func conditionTexts(conditions []policy.ConditionEntry) []string {
	var texts []string
	for _, c := range conditions {
		texts = append(texts, conditionText(c))
	}
	return texts
}

func (a *asker) print(findings []finding) error {
	if *a.output == outputJSON {
		if err := printJSON(a.env, struct {
			Answers []finding `json:"answers"`
		}{append([]finding{}, findings...)}); err != nil {
			return err
		}
	} else {
		var b strings.Builder
		for _, f := range findings {
			f.write(&b)
		}
		fmt.Fprint(a.env.stdout, b.String())
	}
	if a.failed {
		return errFailed
	}
	return nil
}

// write renders an answer for a person.
func (f finding) write(b *strings.Builder) {
	word := map[string]string{"always": "yes", "depends": "depends", "never": "no", "undecided": "not decided"}[f.Answer]
	fmt.Fprintf(b, "%-11s %s  %s %s\n", word, printable(f.Principal), printable(f.Action), printable(f.Resource))
	for _, p := range f.Permissions {
		name := fmt.Sprintf("%s statement %d", p.Policy, p.Statement)
		if p.SID != "" {
			name += " (" + p.SID + ")"
		}
		fmt.Fprintf(b, "  %s at %d:%d allows %s\n", printable(name), p.Line, p.Column, printable(strings.Join(p.Actions, ", ")))
		for _, resource := range p.Resources {
			fmt.Fprintf(b, "    %-7s %s\n", map[bool]string{false: "on", true: "not on"}[p.Not], printable(resource))
		}
		for _, condition := range p.If {
			fmt.Fprintf(b, "    if      %s\n", printable(condition))
		}
		for _, limit := range p.Limits {
			verb := map[bool]string{true: "unless", false: "within"}[limit.Effect == "Deny"]
			fmt.Fprintf(b, "    %-7s %s statement %d applies\n", verb, printable(limit.Policy), limit.Statement)
			for _, resource := range limit.Resources {
				fmt.Fprintf(b, "      %-5s %s\n", map[bool]string{false: "on", true: "but"}[limit.Not], printable(resource))
			}
			for _, condition := range limit.If {
				fmt.Fprintf(b, "      if    %s\n", printable(condition))
			}
		}
	}
	for _, reason := range f.NotProven {
		fmt.Fprintf(b, "  not proven: %s\n", printable(reason))
	}
}
