package awsmodel

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// sample is a value of a shape with every member set, so that rules by name have everything to find. A shape within itself is left out.
func (g sampler) sample(s *Shape, name string, depth int) any {
	if depth > 6 {
		return nil
	}
	switch s.Kind {
	case Structure, Union:
		structure := map[string]any{}
		for _, m := range s.Members {
			if value := g.sample(m.Shape, m.Name, depth+1); value != nil {
				structure[m.Name] = value
			}
			if s.Kind == Union && len(structure) == 1 {
				break
			}
		}
		return structure
	case List:
		if value := g.sample(s.Element.Shape, name, depth+1); value != nil {
			return []any{value}
		}
		return []any{}
	case Map:
		if value := g.sample(s.Element.Shape, name, depth+1); value != nil {
			return map[string]any{"sample": value}
		}
		return map[string]any{}
	case Boolean:
		return true
	case Integer, Long, Float, Double, Number:
		return json.Number("7")
	case Timestamp:
		return "2026-01-01T00:00:00Z"
	case Blob:
		return []byte("sample")
	case Document, EventStream:
		return nil
	}
	return g.text(name)
}

// sampler makes inputs of one operation, whose action says what ARNs in it may be.
type sampler struct{ entry policy.ActionEntry }

// arn is an ARN of the type that a member's name says, or else of the first one that is required.
func (g sampler) arn(name string) string {
	best := ""
	for _, use := range g.entry.ResourceTypes {
		p, _ := readPattern(use.Type.ARNs[0])
		values := map[string]string{}
		for _, part := range p.names() {
			values[part] = "sample"
		}
		arn, _ := p.fill(samplePlace(), values)
		arn = strings.ReplaceAll(arn, "*", "sample")
		if strings.HasSuffix(stem(bare(name)), bare(use.Type.Name)) {
			return arn
		}
		if best == "" && whateverMembers[bare(name)] {
			best = arn
		}
	}
	if best == "" {
		return "arn:aws:sample:us-east-1:111122223333:sample/sample"
	}
	return best
}

// text is a text that what a member's name says may be.
func (g sampler) text(name string) string {
	for prefix, kind := range identifiers {
		if strings.HasPrefix(g.entry.Name, "ec2:") && strings.HasSuffix(stem(bare(name)), bare(kind)) && prefix != "aki" && prefix != "ari" && strings.HasSuffix(strings.TrimSuffix(name, "s"), "Id") {
			return prefix + "-0123456789abcdef0"
		}
	}
	switch bareName := bare(name); {
	case bareName == "subscriptionarn":
		return "arn:aws:sns:us-east-1:111122223333:sample:6b0e71bd-7e97-4d97-80ce-4a0994e55286"
	case bareName == "phonenumber":
		return "" // it is instead of the other targets of SNS
	case strings.HasPrefix(g.entry.Name, "elasticloadbalancing:") && (strings.HasSuffix(bareName, "arn") || strings.HasSuffix(bareName, "arns")):
		return "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/sample/sample"
	case whateverMembers[bareName] && !strings.HasSuffix(strings.TrimSuffix(bareName, "s"), "id"):
		return g.arn(name)
	case strings.Contains(bareName, "accountid"), bareName == "registryid", bareName == "catalogid":
		return "111122223333"
	case bareName == "queueurl":
		return "https://sqs.us-east-1.amazonaws.com/111122223333/sample"
	case bareName == "statement":
		return `SELECT * FROM "sample" WHERE id = 'a'`
	case bareName == "aliasname":
		return "alias/sample"
	case strings.Contains(bareName, "role"):
		return "arn:aws:iam::111122223333:role/sample"
	case strings.HasSuffix(bareName, "arn"), strings.HasSuffix(bareName, "arns"):
		return g.arn(name)
	case bareName == "resourcetype":
		return "Parameter"
	}
	return "sample"
}

func samplePlace() Place {
	return Place{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
}

func openBoth(t testing.TB) (*Models, *Reference) {
	t.Helper()
	models, err := NewModels()
	if err != nil {
		t.Fatal(err)
	}
	reference, err := NewReference()
	if err != nil {
		t.Fatal(err)
	}
	return models, reference
}

// bindings says in which way an operation's calls name resources, for the count at the end of TestEveryOperationMeansAnAction.
func bindings(calls []Call) string {
	has := func(what func(Call) bool) bool { return slices.ContainsFunc(calls, what) }
	switch {
	case has(func(c Call) bool { return c.AnyResource && c.Resource == "*" && c.Action != "ec2:CreateTags" }):
		return "star"
	case has(func(c Call) bool { return c.AnyResource && c.Action != "iam:PassRole" }):
		return "any"
	case has(func(c Call) bool { return !c.AnyResource && !c.WildcardOnly && strings.HasSuffix(c.Resource, "*") }):
		return "created"
	case calls[0].WildcardOnly:
		return "wildcard"
	}
	return "exact"
}

// exception is a row of testdata/operations.tsv: an operation that does not simply have the action of its name. Action is what must be among its
// calls' actions, several separated by spaces; "-" for one that must be Undecidable.
type exception struct {
	action, reason string
	used           bool
}

func readExceptions(t *testing.T) map[string]*exception {
	t.Helper()
	text, err := os.ReadFile("testdata/operations.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*exception{}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		columns := strings.Split(line, "\t")
		if len(columns) != 3 || columns[0] == "" || columns[1] == "" || columns[2] == "" {
			t.Fatalf("testdata/operations.tsv:%d: a row is an operation, its actions and a reason", i+1)
		}
		if rows[columns[0]] != nil {
			t.Fatalf("testdata/operations.tsv:%d: %s has a row already", i+1, columns[0])
		}
		rows[columns[0]] = &exception{action: columns[1], reason: columns[2]}
	}
	return rows
}

// Every operation of every service means the action of its own name, which the Service Authorization Reference must have, or has a row that says
// what instead and why.
func TestEveryOperationMeansAnAction(t *testing.T) {
	models, reference := openBoth(t)
	c := NewClassifier(models, reference)
	rows := readExceptions(t)
	counts, total := map[string]int{}, 0
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			total++
			name := s.Prefix + ":" + o.Name
			entry, known := reference.Action(name)
			input, _ := sampler{entry}.sample(o.Input, "", 0).(map[string]any)
			calls, err := c.calls(&Operation{Service: s, Name: o.Name, Input: input}, samplePlace())
			row := rows[name+"@"+s.ID]
			if row == nil {
				row = rows[name]
			}
			if row == nil {
				row = &exception{action: name}
				if !known {
					t.Errorf("%s (%s): the reference has no such action, and there is no row for it", name, s.ID)
					continue
				}
			}
			row.used = true
			kind := checkActions(t, name, row.action, calls, err)
			counts[kind]++
		}
	}
	for name, row := range rows {
		if !row.used {
			t.Errorf("testdata/operations.tsv: %s is no operation", name)
		}
	}
	t.Logf("%d operations: %v", total, counts)
}

func checkActions(t *testing.T, name, want string, calls []Call, err error) string {
	t.Helper()
	if want == "-" {
		var e *Error
		if !errors.As(err, &e) || e.Kind != Undecidable {
			t.Errorf("%s: got %v, %v; want it to be undecidable", name, calls, err)
		}
		return "undecidable"
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return "error"
	}
	for action := range strings.FieldsSeq(want) {
		if !slices.ContainsFunc(calls, func(c Call) bool { return strings.EqualFold(c.Action, action) }) {
			t.Errorf("%s: %v, want %s", name, calls, action)
		}
	}
	for _, call := range calls {
		if !call.Forwarded && strings.Split(call.Action, ":")[0] == strings.Split(name, ":")[0] && !listed(lower(want), lower(call.Action)) && !strings.Contains(call.Action, "Tag") {
			t.Errorf("%s: %s is not what is wanted: %s", name, call.Action, want)
		}
	}
	return bindings(calls)
}
