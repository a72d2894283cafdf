package policy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// String writes the document as AWS's guides lay policies out: indented by two spaces, a list of one as its only value, and the elements of
// a statement in the order of the grammar. Parsing it gives the same document but for positions; a Condition element, or an operator in one, that
// lists nothing is left out.
func (d *Document) String() string {
	var p printer
	p.open('{')
	if d.version != "" {
		p.name("Version")
		p.string(d.version)
	}
	if d.id != "" {
		p.name("Id")
		p.string(d.id)
	}
	p.name("Statement")
	p.open('[')
	for i := range d.statements {
		p.item()
		p.statement(&d.statements[i])
	}
	p.close(']')
	p.close('}')
	return p.out.String()
}

// printer writes JSON. fresh: the object or list that was opened last has nothing in it yet.
type printer struct {
	out   strings.Builder
	depth int
	fresh bool
}

func (p *printer) open(bracket byte) {
	p.out.WriteByte(bracket)
	p.depth++
	p.fresh = true
}

func (p *printer) close(bracket byte) {
	p.depth--
	if !p.fresh {
		p.line()
	}
	p.out.WriteByte(bracket)
	p.fresh = false
}

func (p *printer) line() {
	p.out.WriteByte('\n')
	for range p.depth {
		p.out.WriteString("  ")
	}
}

// item begins the next value of a list or name of an object.
func (p *printer) item() {
	if !p.fresh {
		p.out.WriteByte(',')
	}
	p.fresh = false
	p.line()
}

func (p *printer) name(name string) {
	p.item()
	p.string(name)
	p.out.WriteString(": ")
}

// string writes text as JSON does, but for the escapes that only HTML needs.
func (p *printer) string(text string) {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes
	p.out.Write(bytes.TrimSuffix(quoted.Bytes(), []byte("\n")))
}

func (p *printer) texts(texts []text) {
	if len(texts) == 1 {
		p.string(texts[0].value)
		return
	}
	p.open('[')
	for _, t := range texts {
		p.item()
		p.string(t.value)
	}
	p.close(']')
}

func (p *printer) statement(s *statementElement) {
	p.open('{')
	if s.sid.value != "" {
		p.name("Sid")
		p.string(s.sid.value)
	}
	p.name("Effect")
	p.string(s.effect.value)
	if s.principal != nil {
		p.name(s.principal.name)
		p.open('{')
		for _, list := range s.principal.types {
			p.name(list.kind)
			p.texts(list.texts)
		}
		p.close('}')
	}
	for _, l := range []*list{&s.actions, &s.resources} {
		if l.name != "" {
			p.name(l.name)
			p.texts(l.texts)
		}
	}
	p.conditions(s.conditions)
	p.close('}')
}

// conditions writes the keys of one operator, which stand side by side, together.
func (p *printer) conditions(conditions []conditionElement) {
	if len(conditions) == 0 {
		return
	}
	p.name("Condition")
	p.open('{')
	for i := range conditions {
		c := &conditions[i]
		if i == 0 || conditions[i-1].operator.name != c.operator.name {
			p.name(c.operator.name)
			p.open('{')
		}
		p.name(c.key.value)
		p.texts(c.values)
		if i == len(conditions)-1 || conditions[i+1].operator.name != c.operator.name {
			p.close('}')
		}
	}
	p.close('}')
}
