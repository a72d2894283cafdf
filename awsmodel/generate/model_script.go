package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The schemas in the packages of the AWS SDK for JavaScript are a program's text, of a form that is read here without running it:
//
//	const _name = "text";
//	export var Name = <value>;      or var, or const
//
// where a value is a number, numbers with "|" between them, a text, a name, "() => name", a list in brackets, or an object of which each member
// has a name in brackets.

// script has the values by their names. A value is an int, a string, a scriptName, a []any or a map[string]any.
type script map[string]any

// scriptName is the name of another value.
type scriptName string

// scriptReader reads a script from rest.
type scriptReader struct {
	text   string
	at     int
	values script
}

func readScript(text string) (script, error) {
	r := &scriptReader{text: text, values: script{}}
	for r.space(); r.at < len(r.text); r.space() {
		if err := r.statement(); err != nil {
			return nil, fmt.Errorf("line %d: %w", 1+strings.Count(r.text[:r.at], "\n"), err)
		}
	}
	return r.values, nil
}

func (r *scriptReader) statement() error {
	line, _, _ := strings.Cut(r.text[r.at:], "\n")
	// What connects shapes of errors with their classes says nothing of requests.
	if strings.HasPrefix(line, "import ") || strings.Contains(line, "_registry.registerError(") || strings.Contains(line, " = new TypeRegistry(") ||
		strings.Contains(line, " = TypeRegistry.for(") {
		r.at += len(line)
		return nil
	}
	r.take("export ")
	if !r.take("const ") && !r.take("var ") {
		return fmt.Errorf("a statement that begins with %.40q", line)
	}
	name := r.name()
	r.space()
	if name == "" || !r.take("=") {
		return fmt.Errorf("a statement that begins with %.40q", line)
	}
	value, err := r.value(0)
	if err != nil {
		return err
	}
	if r.space(); !r.take(";") {
		return fmt.Errorf("%s goes on with %.20q", name, r.text[r.at:])
	}
	if _, twice := r.values[name]; twice {
		return fmt.Errorf("%s is there twice", name)
	}
	r.values[name] = value
	return nil
}

func (r *scriptReader) space() {
	r.at += len(r.text[r.at:]) - len(strings.TrimLeft(r.text[r.at:], " \t\r\n"))
}

func (r *scriptReader) take(word string) bool {
	if !strings.HasPrefix(r.text[r.at:], word) {
		return false
	}
	r.at += len(word)
	return true
}

func (r *scriptReader) name() string {
	from := r.at
	for r.at < len(r.text) && (r.text[r.at] == '_' || r.text[r.at] == '$' || isLetterOrDigit(r.text[r.at])) {
		r.at++
	}
	return r.text[from:r.at]
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func (r *scriptReader) value(depth int) (any, error) {
	r.space()
	switch {
	case depth > 16:
		return nil, errors.New("a value is too deep")
	case r.take("["):
		return r.list(depth)
	case r.take("{"):
		return r.object(depth)
	case r.take(`"`):
		return r.quoted(`"`)
	case r.take("`"):
		return r.quoted("`")
	case r.take("() => "):
		return scriptName(r.name()), nil
	}
	negative := r.take("-")
	name := r.name()
	number, err := strconv.Atoi(name)
	if err != nil {
		if name == "" || negative {
			return nil, fmt.Errorf("a value that begins with %.20q", r.text[r.at:])
		}
		return scriptName(name), nil
	}
	if negative {
		number = -number
	}
	if r.space(); r.take("|") {
		other, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		bits, isNumber := other.(int)
		if !isNumber {
			return nil, errors.New("something other than a number after |")
		}
		number |= bits
	}
	return number, nil
}

// quoted reads a text up to its closing quote.
func (r *scriptReader) quoted(quote string) (any, error) {
	text, rest, closed := strings.Cut(r.text[r.at:], quote)
	if !closed || strings.ContainsAny(text, "\\\n$") {
		return nil, errors.New("a text with an escape or without an end")
	}
	r.at = len(r.text) - len(rest)
	return text, nil
}

func (r *scriptReader) list(depth int) (any, error) {
	list := []any{}
	for {
		if r.space(); r.take("]") {
			return list, nil
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		if r.space(); !r.take(",") && !strings.HasPrefix(r.text[r.at:], "]") {
			return nil, fmt.Errorf("a list goes on with %.20q", r.text[r.at:])
		}
	}
}

func (r *scriptReader) object(depth int) (any, error) {
	object := map[string]any{}
	for {
		if r.space(); r.take("}") {
			return object, nil
		}
		if !r.take("[") {
			return nil, fmt.Errorf("an object goes on with %.20q", r.text[r.at:])
		}
		name, named := r.values[r.name()].(string)
		if !named || !r.take("]:") {
			return nil, errors.New("a member of an object without a known name")
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		object[name] = value
		if r.space(); !r.take(",") && !strings.HasPrefix(r.text[r.at:], "}") {
			return nil, fmt.Errorf("an object goes on with %.20q", r.text[r.at:])
		}
	}
}
