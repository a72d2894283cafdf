package policy

import "strings"

// resourcePattern is one entry of Resource or NotResource, or an operand of an Arn operator, ready to match: an ARN whose
// parts, cut at the first five colons, are matched one by one, so that a * never crosses those colons. In the last part it
// crosses everything.
type resourcePattern struct {
	every  bool    // "*" alone
	exact  string  // the whole ARN, if it has neither wildcards nor variables
	prefix string  // what every match begins with
	rest   bool    // the pattern is prefix followed by *, in its last part
	parts  [6]glob // else: its parts
	count  int     // how many; with fewer than six, the last one matches all that is left of the ARN
	varied bool    // the last part has variables
	text   string  // as written
}

// resource is a request's resource, with the places of the colons that part an ARN.
type resource struct {
	text   string
	colons [5]int32
	isARN  bool // begins with arn: and has the colons
}

func newResource(text string) (r resource) {
	r.text = text
	if !strings.HasPrefix(text, "arn:") {
		return r
	}
	count := 0
	for i := range len(text) {
		if text[i] == ':' {
			r.colons[count] = int32(i)
			if count++; count == len(r.colons) {
				r.isARN = true
				break
			}
		}
	}
	return r
}

// part is the ARN's part i, from 0 for "arn" to 5 for the resource. Of what is no ARN it is empty.
func (r *resource) part(i int) string {
	tail := r.tail(i)
	if i < len(r.colons) && r.isARN {
		return tail[:len(tail)-len(r.text)+int(r.colons[i])]
	}
	return tail
}

// tail is the ARN from its part i on.
func (r *resource) tail(i int) string {
	switch {
	case !r.isARN:
		return ""
	case i == 0:
		return r.text
	}
	return r.text[r.colons[i-1]+1:]
}

// compileResource reads one entry. AWS asks for an ARN or "*", the service part written out, and variables in the last
// part only. A pattern with fewer than six parts must end in *, which then stands for the parts that are missing: AWS
// accepts arn:aws:s3:* and documents no meaning for other short forms.
func compileResource(place place, t text, variables bool) (resourcePattern, *Error) {
	if t.value == "*" {
		return resourcePattern{every: true, text: t.value}, nil
	}
	if !strings.HasPrefix(t.value, "arn:") {
		return resourcePattern{}, place.errorf(t.offset, both(`Resource %s must be in ARN format or "*".`, t.value), `resource %q is neither an ARN nor "*"`, t.value)
	}
	parts := strings.SplitN(t.value, ":", 6)
	p := resourcePattern{count: len(parts), text: t.value}
	if variables {
		for i, part := range parts[:min(5, len(parts))] {
			if strings.Contains(part, "${") {
				return p, place.errorf(t.offset, badResource, "resource %q: a variable may stand after the fifth colon only, this one is in part %d", t.value, i+1)
			}
		}
	}
	switch {
	case len(parts) < 3 || parts[2] == "" || strings.ContainsAny(parts[2], "*?"):
		return p, place.errorf(t.offset, badVendor, "resource %q: the service must be written out", t.value)
	case len(parts) < 6 && !strings.HasSuffix(t.value, "*"):
		return p, place.errorf(t.offset, badResource, "resource %q has %d of an ARN's six parts and does not end in *", t.value, len(parts))
	}
	for i, part := range parts {
		g, malformed := parseGlob(part, true, variables && i == 5)
		if malformed != "" {
			return p, place.errorf(t.offset, badSyntax, "resource %q: %s", t.value, malformed)
		}
		p.parts[i] = g
	}
	p.varied = p.parts[p.count-1].hasVariables()
	p.simplify()
	return p, nil
}

// simplify finds the literal beginning of the pattern, and whether that is all there is to compare.
func (p *resourcePattern) simplify() {
	var prefix strings.Builder
	for i := range p.count {
		if i > 0 {
			prefix.WriteByte(':')
		}
		g := p.parts[i]
		for j := range g {
			if g[j].kind != literal {
				p.prefix = prefix.String()
				p.rest = i == p.count-1 && j == len(g)-1 && g[j].kind == anyRun
				return
			}
			prefix.WriteString(g[j].text)
		}
	}
	p.prefix = prefix.String()
	p.exact = p.prefix
}

func (p *resourcePattern) match(r *resource, e *evaluation) bool {
	switch {
	case p.every:
		return true
	case !r.isARN:
		return false
	case p.exact != "":
		return p.exact == r.text
	case !strings.HasPrefix(r.text, p.prefix):
		return false
	case p.rest:
		return true
	}
	return p.matchParts(r, e)
}

func (p *resourcePattern) matchParts(r *resource, e *evaluation) bool {
	for i := range p.count - 1 {
		if !p.parts[i].match(r.part(i), false) {
			return false
		}
	}
	last := p.parts[p.count-1]
	if p.varied {
		var buffer [16]piece
		var ok bool
		if last, ok = last.resolve(buffer[:0], e); !ok {
			return false
		}
	}
	return last.match(r.tail(p.count-1), false)
}
