package catalog

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// withoutPartition begins an ARN that gets the plane's partition. No ARN of AWS begins so, since partitions are not empty.
const withoutPartition = "arn::"

// sheet is one policy in the notation.
type sheet struct {
	name             string
	version          string
	path             string
	created, updated time.Time
	about            string
	statements       []statement // at least one
}

// statement has words as they are written, ARNs without partition among them.
type statement struct {
	sid        string // "": none
	effect     string // Allow or Deny
	actions    []string
	resources  []string
	conditions []condition
}

type condition struct {
	operator, key string
	operands      []string
}

// parse reads the policy of that name from text in the notation that the package comment describes, of at most maxText bytes. What
// an operator, a key or an action is, it leaves to the policy engine. Errors are *syntaxError.
func parse(name, text string) (*sheet, error) {
	lines, err := readLines(text)
	if err != nil {
		return nil, err
	}
	p := parser{sheet: &sheet{name: name}, last: word{line: 1, column: 1}}
	for _, line := range lines {
		p.last = line.words[0]
		switch {
		case line.element:
			err = p.element(line.words)
		case p.fields < len(header):
			err = p.field(line.words)
		default:
			err = p.begin(line.words)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	if p.fields < len(header) || len(p.sheet.statements) == 0 {
		return nil, p.last.errorf("the text ends before a statement")
	}
	return p.sheet, nil
}

type parser struct {
	sheet  *sheet
	fields int  // how many of the header's have been read
	last   word // the first word of the line being read
	// Of the statement being read: nil before the first one.
	statement *statement
	begun     word
	service   string          // the last that had actions
	tests     map[string]bool // operators and keys so far
}

var (
	header      = []string{"version", "path", "created", "updated", "about"}
	paths       = []string{"/", "/service-role/", "/aws-service-role/"}
	versionForm = regexp.MustCompile(`^v[1-9][0-9]*$`)
	sidForm     = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	serviceForm = regexp.MustCompile(`^[a-z0-9-]+:$`)
	actionForm  = regexp.MustCompile(`^[A-Za-z0-9*?]+$`)
)

// field reads a line of the header.
func (p *parser) field(words []word) error {
	want := header[p.fields]
	if words[0].text != want {
		return words[0].errorf("%q instead of %s", words[0].text, want)
	}
	if len(words) == 1 || want != "about" && len(words) > 2 {
		return words[0].errorf("%s takes one value", want)
	}
	p.fields++
	value := words[1]
	var err error
	switch want {
	case "version":
		if !versionForm.MatchString(value.text) {
			return value.errorf("%q is not the id of a version", value.text)
		}
		p.sheet.version = value.text
	case "path":
		if !slices.Contains(paths, value.text) {
			return value.errorf("path %q is none of %s", value.text, strings.Join(paths, " "))
		}
		p.sheet.path = value.text
	case "created":
		p.sheet.created, err = day(value)
	case "updated":
		p.sheet.updated, err = day(value)
		if err == nil && p.sheet.updated.Before(p.sheet.created) {
			err = value.errorf("updated before it was created")
		}
	case "about":
		p.sheet.about = strings.Join(texts(words[1:]), " ")
	}
	return err
}

func day(w word) (time.Time, error) {
	at, err := time.Parse(time.DateOnly, w.text)
	if err != nil {
		return at, w.errorf("%q is not a date (2006-01-02)", w.text)
	}
	return at, nil
}

// begin starts a statement.
func (p *parser) begin(words []word) error {
	if err := p.finish(); err != nil {
		return err
	}
	s := statement{}
	switch words[0].text {
	case "allow":
		s.effect = "Allow"
	case "deny":
		s.effect = "Deny"
	default:
		return words[0].errorf("%q instead of allow or deny", words[0].text)
	}
	if len(words) > 2 {
		return words[2].errorf("a statement has one Sid")
	}
	if len(words) == 2 {
		if !sidForm.MatchString(words[1].text) {
			return words[1].errorf("%q is not a Sid: letters and digits", words[1].text)
		}
		s.sid = words[1].text
	}
	p.statement, p.begun, p.service, p.tests = &s, words[0], "", map[string]bool{}
	return nil
}

// finish ends the statement being read, if any.
func (p *parser) finish() error {
	if p.statement == nil {
		return nil
	}
	if len(p.statement.resources) == 0 { // there are none without actions before them
		return p.begun.errorf("a statement needs actions and resources")
	}
	p.sheet.statements = append(p.sheet.statements, *p.statement)
	p.statement = nil
	return nil
}

// element reads one of the statement's.
func (p *parser) element(words []word) error {
	switch first := words[0]; {
	case p.statement == nil:
		return first.errorf("an element outside a statement")
	case first.text == "on":
		return p.resources(words)
	case first.text == "when":
		return p.condition(words)
	case serviceForm.MatchString(first.text):
		return p.actions(words)
	default:
		return first.errorf("%q instead of a service with a colon, on or when", first.text)
	}
}

func (p *parser) actions(words []word) error {
	prefix := strings.TrimSuffix(words[0].text, ":")
	if len(p.statement.resources) > 0 {
		return words[0].errorf("actions come before on")
	}
	if prefix <= p.service {
		return words[0].errorf("services are in ascending order, once each: %s after %s", prefix, p.service)
	}
	if len(words) == 1 {
		return words[0].errorf("%s has no actions", prefix)
	}
	p.service = prefix
	last := ""
	for _, w := range words[1:] {
		if !actionForm.MatchString(w.text) {
			return w.errorf("%q is not an action", w.text)
		}
		if w.text <= last {
			return w.errorf("actions are in ascending order, once each: %s after %s", w.text, last)
		}
		last = w.text
		p.statement.actions = append(p.statement.actions, prefix+":"+w.text)
	}
	return nil
}

func (p *parser) resources(words []word) error {
	switch {
	case len(p.statement.actions) == 0:
		return words[0].errorf("on comes after the actions")
	case len(p.statement.resources) > 0:
		return words[0].errorf("a second on in the statement")
	case len(words) == 1:
		return words[0].errorf("on has no resources")
	}
	for _, w := range words[1:] {
		if w.text != "*" && !strings.HasPrefix(w.text, "arn:") {
			return w.errorf("%q is neither * nor an ARN", w.text)
		}
	}
	var err error
	p.statement.resources, err = distinct(words[1:])
	return err
}

func (p *parser) condition(words []word) error {
	if len(p.statement.resources) == 0 {
		return words[0].errorf("when comes after on")
	}
	if len(words) < 5 || words[3].text != "=" {
		return words[0].errorf("a condition reads: when OPERATOR KEY = OPERAND…")
	}
	operator, key := words[1].text, words[2].text
	test := operator + " " + strings.ToLower(key) // condition keys have no case
	if p.tests[test] {
		return words[2].errorf("%s %s stands in the statement already", operator, key)
	}
	p.tests[test] = true
	operands, err := distinct(words[4:])
	p.statement.conditions = append(p.statement.conditions, condition{operator, key, operands})
	return err
}

// distinct takes a list of resources or operands. It refuses one that occurs twice, and an ARN of the partition aws, whose statement would
// mean nothing in any other.
func distinct(words []word) ([]string, error) {
	seen := map[string]bool{}
	for _, w := range words {
		if seen[w.text] {
			return nil, w.errorf("%q a second time", w.text)
		}
		seen[w.text] = true
		if rest, ok := strings.CutPrefix(w.text, "arn:aws:"); ok {
			return nil, w.errorf("the partition is left out: %s%s", withoutPartition, rest)
		}
	}
	return texts(words), nil
}

func texts(words []word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.text
	}
	return list
}
