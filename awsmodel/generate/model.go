package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// model is what the table says of one service.
type model struct {
	id, signingName, endpointPrefix, apiVersion, targetPrefix, jsonVersion, xmlNamespace string
	protocols                                                                            string // letters, the model's own first
	queryCompatible                                                                      bool
	order                                                                                int // among the services of a signing name
	operations                                                                           []*operation
}

type operation struct {
	name, method, uri, host, root             string
	eventStream, gzipBody, checksum, unsigned bool
	input, output                             *shape
}

// shape is a type of values. kind is the letter of awsmodel's table: S, U, L or M, or that of a scalar.
type shape struct {
	kind      byte
	payload   string
	flattened bool
	members   []member // of a structure or union by name; of a list its element; of a map its key and value
}

type member struct {
	name, wire string
	shape      *shape
	flags      string // of awsmodel's table
}

// sortMembers puts a structure's members into the table's order.
func (s *shape) sortMembers() {
	slices.SortFunc(s.members, func(a, b member) int { return strings.Compare(a.name, b.name) })
}

// scalars are the shapes that are a letter only.
type scalars map[byte]*shape

func (s scalars) of(kind byte) *shape {
	if s[kind] == nil {
		s[kind] = &shape{kind: kind}
	}
	return s[kind]
}

// makes tells whether an operation, by its name, makes or changes something of which the answer may say the id, name, ARN or tags.
func makes(name string) bool {
	for _, verb := range []string{"Allocate", "Clone", "Copy", "Create", "Import", "Launch", "Purchase", "Put", "Register", "Request", "Restore", "Run", "Start", "Upload"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// outputDepth is how deep the structures of an answer are kept.
const outputDepth = 4

// trim returns an answer's shape without what is deeper than depth, and without scalars other than strings. It is nil when nothing is left.
func (s *shape) trim(depth int) *shape {
	switch {
	case s.kind == 's':
		return s
	case depth == 0 || s.kind != 'S' && s.kind != 'L':
		return nil
	}
	if s.kind == 'S' {
		depth--
	}
	trimmed := &shape{kind: s.kind, payload: s.payload, flattened: s.flattened}
	for _, m := range s.members {
		if m.shape = m.shape.trim(depth); m.shape != nil && keepsOutput(m) {
			m.flags = strings.Trim(m.flags, "!~")
			trimmed.members = append(trimmed.members, m)
		}
	}
	if len(trimmed.members) == 0 {
		return nil
	}
	if !slices.ContainsFunc(trimmed.members, func(m member) bool { return m.name == trimmed.payload }) {
		trimmed.payload = ""
	}
	return trimmed
}

// keepsOutput tells whether a member of an answer may say what was made: strings by their names, everything that may hold one.
func keepsOutput(m member) bool {
	if m.shape.kind != 's' || m.name == "" {
		return true
	}
	name := strings.ToLower(m.name)
	for _, ending := range []string{"id", "arn", "name", "url", "uri", "key", "value", "status", "version", "handle"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// setOrder numbers the services of each signing name: a request is held against them in this order. The one with most operations is first,
// since the others are parts of it where they share operations (RDS with DocDB and Neptune).
func setOrder(models []*model) {
	byName := map[string][]*model{}
	for _, m := range models {
		byName[m.signingName] = append(byName[m.signingName], m)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		group := byName[name]
		slices.SortFunc(group, func(a, b *model) int {
			return cmp.Or(cmp.Compare(len(b.operations), len(a.operations)), strings.Compare(a.id, b.id))
		})
		for i, m := range group {
			m.order = i
		}
	}
}
