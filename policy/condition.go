package policy

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// condition is one key of one operator, its operands parsed. Only the field of its operator's family is filled.
type condition struct {
	operator operator
	key      *contextKey
	texts    map[string]struct{} // operands without wildcards and variables, where they are many
	strings  []glob              // the other ones, or all
	arns     []arnOperand
	numbers  []number
	dates    []time.Time
	prefixes []netip.Prefix
	flags    []flagOperand // Bool and Null
	binaries []string      // canonical base64
	element  *conditionElement
}

// arnOperand is an operand of an Arn operator. With variables its parts are only known once they are resolved, since a
// value may bring colons of its own.
type arnOperand struct {
	pattern resourcePattern
	glob    glob // set if it has variables
}

type flagOperand struct {
	value bool
	glob  glob // set if it has variables
}

// compileCondition parses the operands of one condition. What does not parse is an error: AWS does not document what such
// an operand does, and a Deny that silently never matches is worse than a refusal.
func compileCondition(place place, element *conditionElement, variables bool) (condition, *Error) {
	c := condition{operator: element.operator, key: newContextKey(element.key.value), element: element}
	for _, t := range element.values {
		if message := c.addOperand(t.value, variables); message != "" {
			aws := badSyntax
			switch element.operator.family {
			case familyDate:
				aws = badDate
			case familyIP:
				aws = badAddress
			}
			return c, place.errorf(t.offset, aws, "%s: %q is %s", element.operator.name, t.value, message)
		}
	}
	c.collectTexts()
	return c, nil
}

// manyTexts is from where on a set finds a text faster than comparing it with each.
const manyTexts = 16

// collectTexts makes a set of the operands that are nothing but text, so that many of them do not meet many values one by one.
func (c *condition) collectTexts() {
	if len(c.strings) < manyTexts || c.operator.relation == equalsIgnoreCase {
		return
	}
	c.texts = make(map[string]struct{}, len(c.strings))
	c.strings = slices.DeleteFunc(c.strings, func(g glob) bool {
		text, ok := g.isLiteral()
		if ok {
			c.texts[text] = struct{}{}
		}
		return ok
	})
}

// addOperand returns what is wrong with the operand, if anything is.
func (c *condition) addOperand(text string, variables bool) string {
	var ok bool
	switch c.operator.family {
	case familyString:
		g, malformed := parseGlob(text, c.operator.relation == like, variables)
		c.strings = append(c.strings, g)
		return malformed
	case familyARN:
		return c.addARN(text, variables)
	case familyNumeric:
		var n number
		n, ok = parseNumber(text)
		c.numbers = append(c.numbers, n)
		return unless(ok, "not an integer or decimal number")
	case familyDate:
		var at time.Time
		at, ok = parseDate(text)
		c.dates = append(c.dates, at)
		return unless(ok, "neither a date of ISO 8601 (W3C), such as 2024-02-29T12:00:00Z, nor seconds since 1970")
	case familyIP:
		var prefix netip.Prefix
		prefix, ok = parsePrefix(text)
		c.prefixes = append(c.prefixes, prefix)
		return unless(ok, "neither an IP address nor a range in CIDR notation")
	case familyBinary:
		text, ok = canonicalBase64(text)
		c.binaries = append(c.binaries, text)
		return unless(ok, "not base64")
	case familyBool:
		if g, malformed := parseGlob(text, false, variables); malformed != "" || g.hasVariables() {
			c.flags = append(c.flags, flagOperand{glob: g})
			return malformed
		}
	}
	var flag flagOperand
	flag.value, ok = parseBool(text)
	c.flags = append(c.flags, flag)
	return unless(ok, "neither true nor false")
}

func unless(ok bool, message string) string {
	if ok {
		return ""
	}
	return message
}

func (c *condition) addARN(text string, variables bool) string {
	g, malformed := parseGlob(text, true, variables)
	if malformed != "" {
		return malformed
	}
	if g.hasVariables() {
		c.arns = append(c.arns, arnOperand{glob: g})
		return ""
	}
	pattern, ok := arnPattern(g, nil)
	c.arns = append(c.arns, arnOperand{pattern: pattern})
	return unless(ok, "not an ARN pattern of six parts (arn:partition:service:region:account:resource)")
}

// arnPattern cuts g at the first five colons of its literal text. buffer is where it may keep the pieces.
func arnPattern(g glob, buffer []piece) (p resourcePattern, ok bool) {
	start := 0
	for _, piece := range g {
		for piece.kind == literal && p.count < 5 {
			colon := strings.IndexByte(piece.text, ':')
			if colon < 0 {
				break
			}
			buffer = glob(buffer).appendLiteral(piece.text[:colon])
			p.parts[p.count] = buffer[start:]
			p.count, start = p.count+1, len(buffer)
			piece.text = piece.text[colon+1:]
		}
		if piece.kind != literal || piece.text != "" {
			buffer = append(buffer, piece)
		}
	}
	p.parts[p.count] = buffer[start:]
	p.count++
	first, isLiteral := glob(p.parts[0]).isLiteral()
	return p, p.count == 6 && isLiteral && first == "arn"
}

// holds tells whether the condition is true of the request (IAM User Guide, "Condition operators", "Multivalued context
// keys").
func (c *condition) holds(e *evaluation) bool {
	e.left.spend(1 + len(c.key.name)/comparedPerStep)
	has := e.lookup(c.key)
	o := &c.operator
	if o.family == familyNull { // false: "the key exists and its value is not null", as an empty string is
		e.left.spend(len(has.values))
		return c.wantsAbsence(has.isNull())
	}
	switch o.quantifier {
	case forAllValues:
		return c.holdsForAll(has, e)
	case forAnyValue:
		return c.holdsForAny(has, e)
	}
	if !has.ok {
		return o.negated || o.ifExists
	}
	return !has.list && c.compare(has.value, e) // a multivalued key needs a set operator
}

func (c *condition) wantsAbsence(absent bool) bool {
	for i := range c.flags {
		if c.flags[i].value == absent {
			return true
		}
	}
	return false
}

// holdsForAll is true of an absent key and of a null data set, such as an empty string.
func (c *condition) holdsForAll(has found, e *evaluation) bool {
	if e.left.spend(len(has.values)); has.isNull() {
		return true
	}
	if !has.list {
		return c.compare(has.value, e)
	}
	for _, value := range has.values {
		if !c.compare(value, e) {
			return false
		}
	}
	return true
}

// holdsForAny is false of an absent key and of a null data set, whatever IfExists says.
func (c *condition) holdsForAny(has found, e *evaluation) bool {
	if e.left.spend(len(has.values)); has.isNull() {
		return false
	}
	if !has.list {
		return c.compare(has.value, e)
	}
	for _, value := range has.values {
		if c.compare(value, e) {
			return true
		}
	}
	return false
}

// isNull tells whether a key is absent or resolves to a null data set, "such as an empty string": a set operator finds nothing to compare.
func (f *found) isNull() bool {
	if !f.ok || !f.list {
		return !f.ok || f.value == ""
	}
	for _, value := range f.values {
		if value != "" {
			return false
		}
	}
	return true
}

// compare tells whether one value satisfies the operator: some operand matches it or, negated, none does. A value that
// cannot be read as the operator's type satisfies neither form.
func (c *condition) compare(value string, e *evaluation) bool {
	if !e.left.spend(1 + c.operands() + len(value)/readPerStep) {
		return false
	}
	var matched, understood bool
	switch c.operator.family {
	case familyString:
		matched, understood = c.matchString(value, e), true
	case familyARN:
		matched, understood = c.matchARN(value, e)
	case familyNumeric:
		matched, understood = c.matchNumber(value)
	case familyDate:
		matched, understood = c.matchDate(value)
	case familyBool:
		matched, understood = c.matchFlag(value, e)
	case familyBinary:
		matched, understood = c.matchBinary(value), true
	case familyIP:
		matched, understood = c.matchAddress(value)
	}
	return understood && matched != c.operator.negated
}

// operands is how many there are to compare one by one.
func (c *condition) operands() int {
	return len(c.strings) + len(c.arns) + len(c.numbers) + len(c.dates) + len(c.prefixes) + len(c.flags) + len(c.binaries)
}

func (c *condition) matchString(value string, e *evaluation) bool {
	if _, known := c.texts[value]; known {
		return true
	}
	var buffer [16]piece
	for _, g := range c.strings {
		if g.hasVariables() {
			var ok bool
			if g, ok = g.resolve(buffer[:0], e); !ok {
				continue // a variable without value matches nothing
			}
		}
		if c.operator.relation == equalsIgnoreCase {
			// No letter is more than three times as long as another case of it.
			text, ok := g.joined(3 * len(value))
			if e.left.spend(len(text) / readPerStep); ok && strings.EqualFold(text, value) {
				return true
			}
		} else if g.match(value, false, &e.left) {
			return true
		}
	}
	return false
}

// joined is the text of a glob without wildcards. It is not ok if it is longer than limit: a short document can ask for
// a long value very often.
func (g glob) joined(limit int) (string, bool) {
	length := 0
	for i := range g {
		length += len(g[i].text)
	}
	if length > limit {
		return "", false
	}
	if text, ok := g.isLiteral(); ok {
		return text, true
	}
	var text strings.Builder
	for i := range g {
		text.WriteString(g[i].text)
	}
	return text.String(), true
}

func (c *condition) matchARN(value string, e *evaluation) (matched, understood bool) {
	r := newResource(value)
	if !r.isARN {
		return false, false
	}
	for i := range c.arns {
		if operand := &c.arns[i]; operand.glob == nil {
			matched = operand.pattern.matchParts(&r, e)
		} else {
			matched = operand.match(&r, e)
		}
		if matched {
			return true, true
		}
	}
	return false, true
}

// match resolves the operand's variables and then cuts it into parts.
func (o *arnOperand) match(r *resource, e *evaluation) bool {
	var resolved, cut [24]piece
	g, ok := o.glob.resolve(resolved[:0], e)
	if !ok {
		return false
	}
	pattern, ok := arnPattern(g, cut[:0])
	return ok && pattern.matchParts(r, e)
}

func (c *condition) matchNumber(value string) (matched, understood bool) {
	n, ok := parseNumber(value)
	for i := range c.numbers {
		matched = matched || ok && c.operator.relation.accepts(n.compare(c.numbers[i]))
	}
	return matched, ok
}

func (c *condition) matchDate(value string) (matched, understood bool) {
	at, ok := parseDate(value)
	for i := range c.dates {
		matched = matched || ok && c.operator.relation.accepts(at.Compare(c.dates[i]))
	}
	return matched, ok
}

// accepts tells whether value and operand stand in the relation, given how they compare.
func (r relation) accepts(order int) bool {
	switch r {
	case lessThan:
		return order < 0
	case lessThanEquals:
		return order <= 0
	case greaterThan:
		return order > 0
	case greaterThanEquals:
		return order >= 0
	}
	return order == 0
}

func (c *condition) matchFlag(value string, e *evaluation) (matched, understood bool) {
	flag, ok := parseBool(value)
	if !ok {
		return false, false
	}
	for i := range c.flags {
		wanted, ok := c.flags[i].value, true
		if g := c.flags[i].glob; g != nil {
			var buffer [16]piece
			if g, ok = g.resolve(buffer[:0], e); ok {
				text, _ := g.joined(len("false"))
				wanted, ok = parseBool(text)
			}
		}
		if ok && wanted == flag {
			return true, true
		}
	}
	return false, true
}

func (c *condition) matchBinary(value string) bool {
	for _, binary := range c.binaries {
		if binary == value {
			return true
		}
	}
	return false
}

func (c *condition) matchAddress(value string) (matched, understood bool) {
	address, ok := parseAddress(value)
	for i := range c.prefixes {
		matched = matched || ok && c.prefixes[i].Contains(address)
	}
	return matched, ok
}
