package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/openirsa/openirsa/policy"
)

// Severity is how bad a finding is. IAM Access Analyzer has the same four ("Policy validation": finding types). The zero value is the mildest.
type Severity int

// The severities, in ascending order.
const (
	Suggestion      Severity = iota // no effect on what is granted, but on whoever reads it
	Warning                         // probably not what was meant
	SecurityWarning                 // grants more than it seems to
	Error                           // wrong: AWS refuses it, or it can never do what it says
)

var severityNames = [...]string{"suggestion", "warning", "security-warning", "error"}

// String is suggestion, warning, security-warning or error.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity is the inverse of String.
func ParseSeverity(text string) (Severity, error) {
	if i := slices.Index(severityNames[:], text); i >= 0 {
		return Severity(i), nil
	}
	return 0, fmt.Errorf("%q is neither error, security-warning, warning nor suggestion", text)
}

// Finding is one thing that is wrong with a document.
type Finding struct {
	ID             string // of its Rule
	Severity       Severity
	Message        string
	Hint           string          // what to write instead; may be empty
	Position       policy.Position // within the document
	Statement      int             // index; -1: the document as a whole
	SID            string
	AccessAnalyzer []string // the checks of IAM Access Analyzer that the rule stands for; may be empty
}

// Rule is a kind of finding. Ids are stable.
type Rule struct {
	ID             string
	Severity       Severity
	Summary        string
	AccessAnalyzer []string
}

// Rules are all rules, ascending by id.
func Rules() []Rule {
	sorted := slices.Clone(rules)
	slices.SortFunc(sorted, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return sorted
}

// ruleByID finds a rule; an id without one is a mistake of this package, which its tests would see as a panic.
func ruleByID(id string) Rule {
	for i := range rules {
		if rules[i].ID == id {
			return rules[i]
		}
	}
	panic("lint: no rule " + id)
}

// newFinding makes a finding of a rule.
func newFinding(id string, at policy.Position, message string) Finding {
	rule := ruleByID(id)
	return Finding{ID: id, Severity: rule.Severity, Message: message, Position: at, Statement: -1, AccessAnalyzer: rule.AccessAnalyzer}
}

// sortFindings puts findings in the order of the document, and the worst first where several stand at one place.
func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Position.Line, b.Position.Line), cmp.Compare(a.Position.Column, b.Position.Column),
			cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.ID, b.ID),
		)
	})
}
