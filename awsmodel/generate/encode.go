package main

import (
	"cmp"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

// chapterSize is how much text is compressed together, unless a single service has more. At 64 KiB the first look-up in a chapter takes less than
// a millisecond, and the table is a tenth larger than one compressed as a whole.
const chapterSize = 64 << 10

// The letters of awsmodel's table.
var (
	typeLetters  = map[string]string{"String": "S", "ARN": "A", "Numeric": "N", "Date": "D", "Bool": "B", "IPAddress": "I", "Binary": "Y"}
	levelLetters = map[string]string{"List": "L", "Read": "R", "Write": "W", "Tagging, Write": "T", "Permissions management, Write": "P"}
)

// encode writes the table in the form that awsmodel's reference_table.go describes.
func encode(source string, services []service) (string, error) {
	var index, chapters, text, names strings.Builder
	count := 0
	finish := func() error {
		before := chapters.Len()
		compressor, err := flate.NewWriter(&chapters, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := compressor.Write([]byte(text.String())); err != nil {
			return err
		}
		if err := compressor.Close(); err != nil {
			return err
		}
		fmt.Fprintf(&index, "%d %d%s\n", chapters.Len()-before, text.Len(), names.String())
		text.Reset()
		names.Reset()
		count++
		return nil
	}
	for _, s := range services {
		part, err := s.encode()
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.prefix, err)
		}
		if text.Len() > 0 && text.Len()+len(part) > chapterSize {
			if err := finish(); err != nil {
				return "", err
			}
		}
		text.WriteString(part)
		fmt.Fprintf(&names, " %s %d", s.prefix, len(part))
	}
	if err := finish(); err != nil {
		return "", err
	}
	rest := fmt.Sprintf("%s\n%d\n%s%s", source, count, index.String(), chapters.String())
	return fmt.Sprintf("openirsa-reference 1 %08x\n%s", crc32.Checksum([]byte(rest), crc32.MakeTable(crc32.Castagnoli)), rest), nil
}

// encoder writes one service. The sets that are used most come first: their numbers are the shortest.
type encoder struct {
	service
	keyIndex map[string]int
	setIndex map[string]int // by the set's line
}

func (s service) encode() (string, error) {
	e := encoder{service: s}
	keys := e.allKeys()
	sets := e.allSets()
	var text strings.Builder
	fmt.Fprintf(&text, "%d %d %d %d\n", len(keys), len(sets), len(s.types), len(s.actions))
	for _, k := range keys {
		code := "-"
		if k.kind != "" {
			kind, list := strings.CutPrefix(k.kind, "ArrayOf")
			letter, known := typeLetters[kind]
			if !known {
				return "", fmt.Errorf("condition key %s has the type %q", k.name, k.kind)
			}
			code = letter
			if list {
				code += "*"
			}
		}
		fmt.Fprintf(&text, "%s\t%s\n", k.name, code)
	}
	for _, set := range sets {
		text.WriteString(set + "\n")
	}
	for _, t := range s.types {
		fmt.Fprintf(&text, "%s\t%d\t%s\n", t.name, e.set(t.keys), strings.Join(t.arns, "\t"))
	}
	for _, a := range s.actions {
		level, known := levelLetters[a.level]
		if !known {
			return "", fmt.Errorf("action %s has the access level %q", a.name, a.level)
		}
		fmt.Fprintf(&text, "%s\t%s%d\t%s", a.name, level, e.set(a.keys), e.uses(a))
		if len(a.dependent) > 0 {
			text.WriteString("\t" + strings.Join(a.dependent, " "))
		}
		text.WriteString("\n")
	}
	return text.String(), nil
}

// uses writes the resource types of an action.
func (e *encoder) uses(a action) string {
	var uses []string
	for _, u := range a.uses {
		i := slices.IndexFunc(e.types, func(t resourceType) bool { return t.name == u.resourceType })
		field := strconv.Itoa(i)
		if u.required {
			field += "!"
		}
		if !slices.Equal(u.keys, e.types[i].keys) {
			field += ":" + strconv.Itoa(e.set(u.keys))
		}
		uses = append(uses, field)
	}
	return strings.Join(uses, " ")
}

// eachSet visits every set of keys as often as the table refers to it.
func (e *encoder) eachSet(visit func(keys []string)) {
	for _, t := range e.types {
		visit(t.keys)
	}
	for _, a := range e.actions {
		visit(a.keys)
		for _, u := range a.uses {
			visit(u.keys)
		}
	}
}

// allKeys returns the service's keys and those that its sets name; the latter have no type here.
func (e *encoder) allKeys() []key {
	byName := map[string]key{}
	e.eachSet(func(names []string) {
		for _, name := range names {
			byName[name] = key{name: name}
		}
	})
	for _, k := range e.keys {
		byName[k.name] = k
	}
	keys := slices.SortedFunc(maps.Values(byName), func(a, b key) int { return strings.Compare(a.name, b.name) })
	e.keyIndex = map[string]int{}
	for i, k := range keys {
		e.keyIndex[k.name] = i
	}
	return keys
}

// allSets returns the lines of the sets and numbers them.
func (e *encoder) allSets() []string {
	times := map[string]int{}
	e.eachSet(func(names []string) { times[e.line(names)]++ })
	sets := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b))
	})
	e.setIndex = map[string]int{}
	for i, set := range sets {
		e.setIndex[set] = i
	}
	return sets
}

func (e *encoder) set(names []string) int { return e.setIndex[e.line(names)] }

// line writes a set, whose names are ascending, as their numbers are then too.
func (e *encoder) line(names []string) string {
	numbers := make([]string, len(names))
	for i, name := range names {
		numbers[i] = strconv.Itoa(e.keyIndex[name])
	}
	return strings.Join(numbers, " ")
}

// verify reads a table with awsmodel and finds in it what it was made of.
func verify(made string, services []service) error {
	reference, err := awsmodel.ParseReference(made)
	if err != nil {
		return err
	}
	if err := reference.Check(); err != nil {
		return err
	}
	for _, s := range services {
		if read := reference.Actions(s.prefix); len(read) != len(s.actions) {
			return fmt.Errorf("%s has %d actions, not %d", s.prefix, len(read), len(s.actions))
		}
		for _, a := range s.actions {
			if err := verifyAction(reference, s, a); err != nil {
				return fmt.Errorf("%s:%s: %w", s.prefix, a.name, err)
			}
		}
		for _, k := range s.keys {
			kind, list := strings.CutPrefix(k.kind, "ArrayOf")
			if read, known := reference.Key(k.name); !known || read.Name != k.name || read.Type != kind || read.List != list {
				return fmt.Errorf("condition key %s is read as %v", k.name, read)
			}
		}
	}
	return nil
}

func verifyAction(reference *awsmodel.Reference, s service, a action) error {
	read, known := reference.Action(s.prefix + ":" + a.name)
	level, _, _ := strings.Cut(a.level, ",")
	if !known || read.Name != s.prefix+":"+a.name || read.AccessLevel != level || !slices.Equal(read.Keys, a.keys) || !slices.Equal(read.Dependent, a.dependent) {
		return fmt.Errorf("it is read as %v", read)
	}
	if len(read.ResourceTypes) != len(a.uses) {
		return fmt.Errorf("it has %d resource types, not %d", len(read.ResourceTypes), len(a.uses))
	}
	for i, u := range a.uses {
		r := read.ResourceTypes[i]
		t := s.types[slices.IndexFunc(s.types, func(t resourceType) bool { return t.name == u.resourceType })]
		if r.Type.Name != u.resourceType || r.Required != u.required || !slices.Equal(r.Type.Keys, u.keys) || !slices.Equal(r.Type.ARNs, t.arns) {
			return fmt.Errorf("resource type %s is read as %v", u.resourceType, r)
		}
	}
	return nil
}
