package lint

import (
	"errors"
	"fmt"

	"github.com/openirsa/openirsa/policy"
)

// Reference is what the rules ask of the Service Authorization Reference. What it returns is not changed.
type Reference interface {
	// Service tells whether prefix, in any case, is a service's.
	Service(prefix string) bool
	// Action finds an action by its full name, in any case.
	Action(name string) (policy.ActionEntry, bool)
	// Actions are all actions of a service, ascending by name.
	Actions(prefix string) []policy.ActionEntry
	// Key finds a condition key, a service's or a global one, in any case; aws:RequestTag/team finds aws:RequestTag/${TagKey}.
	Key(name string) (policy.KeyEntry, bool)
}

// Options for Check.
type Options struct {
	Kind Kind
	// Reference may be nil. Then rules about the names of services, actions and keys are left out, and the finding not-checked says so.
	Reference Reference
}

// Source parses a document and checks it. What does not parse is one finding, grammar.
func Source(source []byte, options Options) []Finding {
	document, err := policy.Parse(source)
	if err != nil {
		return []Finding{grammarFinding(err)}
	}
	return Check(document, options)
}

// Check holds a document against every rule. The findings are in the order of the document.
func Check(document *policy.Document, options Options) []Finding {
	c := &checker{document: document, reference: options.Reference, kind: options.Kind, budget: maxWork, hints: maxHints}
	if c.kind == Guess {
		c.kind = GuessKind(document)
	}
	for i := range document.Len() {
		c.statements = append(c.statements, c.newStatement(i))
	}
	for _, s := range c.statements {
		c.at = s
		for _, check := range []func(*statement){
			c.checkActions, c.checkResourceTypes, c.checkARNs, c.checkLists, c.checkGrants, c.checkPrincipals, c.checkKeys, c.checkOperators, c.checkValues,
			c.checkConflicts, c.checkTexts, c.checkWebIdentity, c.checkOrganization,
		} {
			check(s)
		}
	}
	c.at = nil
	c.checkDocument()
	c.checkStatements()
	c.checkGrammar()
	c.checkWork()
	sortFindings(c.findings)
	return c.findings
}

// The bounds on work that is more than linear. maxWork counts calls that cost about as much as comparing two short texts.
const (
	maxWork  = 1_000_000
	maxHints = 50 // names that are searched for one that is alike
)

// checker is one run over one document.
type checker struct {
	document   *policy.Document
	reference  Reference
	kind       Kind
	statements []*statement
	at         *statement // which is being checked; nil: the document
	findings   []Finding
	budget     int
	hints      int
	expanded   map[string][]policy.ActionEntry // actions by pattern in lower case
	forms      map[string][]arnForm            // ARNs of resource types by service
	read       map[string]arnForm              // forms of ARNs by their text
}

// report adds a finding. hint may be empty.
func (c *checker) report(id string, at policy.Position, hint, format string, arguments ...any) {
	f := newFinding(id, at, fmt.Sprintf(format, arguments...))
	f.Hint = hint
	if f.Position == (policy.Position{}) {
		f.Position = policy.Position{Line: 1, Column: 1}
	}
	if c.at != nil {
		f.Statement, f.SID = c.at.index, c.at.SID.Value
	}
	c.findings = append(c.findings, f)
}

// spend takes work from the budget; false: there is not enough left, and the caller leaves its comparisons out.
func (c *checker) spend(work int) bool {
	if c.budget < 0 {
		return false
	}
	c.budget -= work
	return c.budget >= 0
}

// exhausted tells whether the budget has ended, so that loops over pairs end too.
func (c *checker) exhausted() bool { return c.budget < 0 }

// spendMatch pays for matching a pattern with a text, which may take the product of their lengths.
func (c *checker) spendMatch(pattern, text string) bool {
	const charactersPerUnit = 64
	return c.spend(1 + len(pattern)*min(len(text), 1<<20)/charactersPerUnit)
}

// checkGrammar compiles the document, unless a finding already says what is wrong at that place.
func (c *checker) checkGrammar() {
	_, err := policy.Compile("", c.document, policy.Options{Kind: c.kind.grammar()})
	if err == nil {
		return
	}
	found := grammarFinding(err)
	for _, f := range c.findings {
		if f.Position == found.Position && f.Severity == Error {
			return
		}
	}
	c.findings = append(c.findings, found)
}

// grammarFinding is what package policy says of a document.
func grammarFinding(err error) Finding {
	at, message := policy.Position{Line: 1, Column: 1}, err.Error()
	if described := (*policy.Error)(nil); errors.As(err, &described) {
		at, message = described.Position, described.Message
	}
	found := newFinding("grammar", at, message)
	found.AccessAnalyzer = nil // the rule stands for forty checks; which one this is, is not told apart
	return found
}

// checkWork says what was left out.
func (c *checker) checkWork() {
	start := policy.Position{Line: 1, Column: 1}
	if c.reference == nil {
		c.report("not-checked", start, "", "without the Service Authorization Reference, the names of services, actions and condition keys were not checked")
	}
	if c.budget < 0 {
		c.report("not-checked", start, "split it", "the document is too large to compare all of its patterns with each other")
	}
}
