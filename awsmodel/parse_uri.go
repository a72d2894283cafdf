package awsmodel

import (
	"fmt"
	"slices"
	"strings"
)

// route is an operation's method and URI template, taken apart (https://smithy.io/2.0/spec/http-bindings.html#uri).
type route struct {
	operation *OperationModel
	segments  []segment
	query     []formField // literal ones
	slash     bool        // the template ends with a slash
}

// segment is a part of a path: a literal, or a label's name.
type segment struct {
	literal, label string
	greedy         bool // the label has all segments up to those that follow it in the template
}

func newRoutes(operations []*OperationModel) ([]route, error) {
	routes := make([]route, len(operations))
	for i, o := range operations {
		path, query, _ := strings.Cut(o.URI, "?")
		rest, rooted := strings.CutPrefix(path, "/")
		if !rooted {
			return nil, fmt.Errorf("operation %s: the URI %q", o.Name, o.URI)
		}
		r := route{operation: o}
		if cut, ends := strings.CutSuffix(rest, "/"); ends {
			rest, r.slash = cut, true
		}
		var err error
		if r.query, err = readForm(query, false); err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.Name, err)
		}
		if rest != "" {
			for text := range strings.SplitSeq(rest, "/") {
				s, err := newSegment(o, text)
				if err != nil {
					return nil, fmt.Errorf("operation %s: %w", o.Name, err)
				}
				r.segments = append(r.segments, s)
			}
		}
		routes[i] = r
	}
	return routes, nil
}

func newSegment(o *OperationModel, text string) (segment, error) {
	name, opened := strings.CutPrefix(text, "{")
	name, closed := strings.CutSuffix(name, "}")
	if !opened && !closed && text != "" && !strings.ContainsAny(text, "{}%") {
		return segment{literal: text}, nil
	}
	name, greedy := strings.CutSuffix(name, "+")
	labelled := slices.ContainsFunc(o.Input.Members, func(m Member) bool { return m.Location == InURI && m.Wire == name })
	if !opened || !closed || !labelled {
		return segment{}, fmt.Errorf("the segment %q of a URI is no label of the input", text)
	}
	return segment{label: name, greedy: greedy}, nil
}

// splitPath takes a request's path apart into decoded segments. A slash at the end is dropped: SDKs differ in whether they send it.
func splitPath(path string) ([]string, error) {
	rest, rooted := strings.CutPrefix(path, "/")
	if !rooted && path != "" {
		return nil, malformed("the path does not begin with a slash")
	}
	if rest = strings.TrimSuffix(rest, "/"); rest == "" {
		return nil, nil
	}
	var segments []string
	for text := range strings.SplitSeq(rest, "/") {
		decoded, ok := decodePercent(text, false)
		if !ok {
			return nil, malformed("the path is not percent-encoded UTF-8")
		}
		if decoded == "" || strings.ContainsFunc(decoded, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return nil, malformed("the path has an empty segment, or a control character")
		}
		// A name with "%" in it would be another name to whoever decodes the path a second time.
		if strings.ContainsAny(decoded, `%\`) {
			return nil, malformed("the path has a percent sign or backslash in a segment")
		}
		// Whoever reads the path after us may decode first and resolve dots then.
		for part := range strings.SplitSeq(decoded, "/") {
			if part == "." || part == ".." {
				return nil, malformed("the path has a segment of dots")
			}
		}
		segments = append(segments, decoded)
	}
	return segments, nil
}

// match returns the labels' values when a path fits.
func (r *route) match(path []string) (map[string]string, bool) {
	labels := map[string]string{}
	for i, s := range r.segments {
		if s.greedy {
			after := len(r.segments) - i - 1
			if len(path) < after+1 {
				return nil, false
			}
			taken := len(path) - after
			if slices.ContainsFunc(path[:taken], func(text string) bool { return strings.Contains(text, "/") }) {
				return nil, false // the slash of a value and that between segments would be one
			}
			labels[s.label] = strings.Join(path[:taken], "/")
			path = path[taken:]
			continue
		}
		if len(path) == 0 || s.label == "" && s.literal != path[0] {
			return nil, false
		}
		if s.label != "" {
			labels[s.label] = path[0]
		}
		path = path[1:]
	}
	return labels, len(path) == 0
}

// matchQuery tells whether the literal parameters are all there, and takes them away.
func (r *route) matchQuery(parameters []formField) ([]formField, bool) {
	left := slices.Clone(parameters)
	for _, literal := range r.query {
		i := slices.Index(left, literal)
		if i < 0 {
			return nil, false
		}
		left = slices.Delete(left, i, i+1)
	}
	return left, true
}

// compare orders routes that fit the same path: negative when r is the more specific. Literals come before labels, these before greedy ones;
// more literal parameters come before fewer.
func (r *route) compare(other *route) int {
	for i := range min(len(r.segments), len(other.segments)) {
		if d := r.segments[i].rank() - other.segments[i].rank(); d != 0 {
			return d
		}
	}
	if d := len(other.segments) - len(r.segments); d != 0 {
		return d
	}
	return len(other.query) - len(r.query)
}

func (s segment) rank() int {
	switch {
	case s.label == "":
		return 0
	case !s.greedy:
		return 1
	}
	return 2
}

// write writes the path with the labels' values.
func (r *route) write(labels map[string]string) string {
	var to []byte
	for _, s := range r.segments {
		to = append(to, '/')
		if s.label == "" {
			to = append(to, s.literal...)
			continue
		}
		to = appendPercent(to, labels[s.label], s.greedy)
	}
	if r.slash || len(to) == 0 {
		to = append(to, '/')
	}
	return string(to)
}
