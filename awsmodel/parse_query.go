package awsmodel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// queryNode is a parameter, or what several have before a dot: Tags.member.1.Key is a path of four nodes.
type queryNode struct {
	value    string
	assigned bool
	children map[string]*queryNode
}

// newQueryTree arranges parameters by their names.
func newQueryTree(parameters []formField) (*queryNode, error) {
	root := &queryNode{}
	for _, p := range parameters {
		if strings.Count(p.name, ".") > 2*maxRequestDepth {
			return nil, malformed("the parameter %.100q… is too deep", p.name)
		}
		node := root
		for name := range strings.SplitSeq(p.name, ".") {
			child := node.children[name]
			if child == nil {
				child = &queryNode{}
				if node.children == nil {
					node.children = map[string]*queryNode{}
				}
				node.children[name] = child
			}
			node = child
		}
		if node.assigned {
			return nil, wrongValue(p.name, "it is given twice")
		}
		node.value, node.assigned = p.value, true
	}
	return root, nil
}

// leaf takes a parameter without parts from the root.
func (n *queryNode) leaf(name string) (string, bool) {
	child := n.children[name]
	if child == nil || !child.assigned || child.children != nil {
		return "", false
	}
	delete(n.children, name)
	return child.value, true
}

// queryReader reads the input of an operation in AWS Query (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html) or EC2 Query
// (aws-ec2-query-protocol.html), whose lists are always flattened.
type queryReader struct{ ec2 bool }

func (r queryReader) structure(s *Shape, n *queryNode, path string) (map[string]any, error) {
	if n.assigned {
		return nil, wrongValue(path, "it is a structure, and has a value of its own")
	}
	values, known := map[string]any{}, 0
	for i := range s.Members {
		m := &s.Members[i]
		name := r.name(m)
		child := n.children[name]
		if child == nil {
			continue
		}
		known++
		value, err := r.value(m, child, within(path, name))
		if err != nil {
			return nil, err
		}
		values[m.Name] = value
	}
	if known < len(n.children) {
		if names := r.unknown(s, n, path); len(names) > 0 {
			return nil, unknownParameter(within(path, slices.Min(names)))
		}
	}
	return values, checkMembers(s, values, path)
}

// name is a member's on the wire. A flattened list with named elements is called as they are.
func (r queryReader) name(m *Member) string {
	if s := m.Shape; !r.ec2 && s.Kind == List && s.Flattened && s.Element.Wire != "" {
		return s.Element.Wire
	}
	return m.Wire
}

// unknown are the names in a node that its structure does not have.
func (r queryReader) unknown(s *Shape, n *queryNode, path string) (names []string) {
	for name := range n.children {
		if !madeUp(within(path, name)) && !slices.ContainsFunc(s.Members, func(m Member) bool { return r.name(&m) == name }) {
			names = append(names, name)
		}
	}
	return names
}

func (r queryReader) value(m *Member, n *queryNode, path string) (any, error) {
	switch m.Shape.Kind {
	case Structure, Union:
		return r.structure(m.Shape, n, path)
	case List:
		return r.list(m.Shape, n, path)
	case Map:
		return r.entries(m.Shape, n, path)
	}
	if n.children != nil || !n.assigned {
		return nil, wrongValue(path, "it must be a value, and has parts")
	}
	return readText(m, n.value, path, DateTime)
}

func (r queryReader) list(s *Shape, n *queryNode, path string) (any, error) {
	nodes, path, err := r.numbered(s.Flattened || r.ec2, n, wireOr(s.Element, "member"), path)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(nodes))
	for i, node := range nodes {
		if list[i], err = r.value(s.Element, node, within(path, strconv.Itoa(i+1))); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r queryReader) entries(s *Shape, n *queryNode, path string) (any, error) {
	nodes, path, err := r.numbered(s.Flattened || r.ec2, n, "entry", path)
	if err != nil {
		return nil, err
	}
	keyName, valueName := wireOr(s.Key, "key"), wireOr(s.Element, "value")
	entries := make(map[string]any, len(nodes))
	for i, node := range nodes {
		at := within(path, strconv.Itoa(i+1))
		key, value := node.children[keyName], node.children[valueName]
		if node.assigned || key == nil || value == nil || len(node.children) != 2 || !key.assigned || key.children != nil {
			return nil, wrongValue(at, "it must have the parts %s and %s", keyName, valueName)
		}
		if _, twice := entries[key.value]; twice {
			return nil, wrongValue(at, "its key is given twice")
		}
		if entries[key.value], err = r.value(s.Element, value, within(at, valueName)); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// numbered returns the nodes of a list or map in order. Numbers begin with 1 and have no gaps: AWS's services do not agree on what a gap means.
// A list that SDKs send empty is a parameter without a value.
func (r queryReader) numbered(flattened bool, n *queryNode, container, path string) ([]*queryNode, string, error) {
	if n.assigned {
		if n.value != "" || n.children != nil {
			return nil, path, wrongValue(path, "it has numbered parts, and has a value of its own")
		}
		return nil, path, nil
	}
	if !flattened {
		inner := n.children[container]
		path = within(path, container)
		if inner == nil || len(n.children) != 1 || inner.assigned {
			return nil, path, wrongValue(path, "it must have numbered parts, and nothing may be beside it")
		}
		n = inner
	}
	nodes := make([]*queryNode, len(n.children))
	for i := range nodes {
		if nodes[i] = n.children[strconv.Itoa(i+1)]; nodes[i] == nil {
			return nil, path, wrongValue(path, "it has %d parts, of which none is %d", len(nodes), i+1)
		}
	}
	return nodes, path, nil
}

// wireOr is the name of an element, key or value on the wire.
func wireOr(m *Member, name string) string {
	if m.Wire != "" {
		return m.Wire
	}
	return name
}

// queryWriter is the inverse of queryReader.
type queryWriter struct {
	queryReader
	parameters []formField
}

func (w *queryWriter) structure(s *Shape, values map[string]any, path string) {
	for i := range s.Members {
		m := &s.Members[i]
		if value, present := values[m.Name]; present {
			w.value(m, value, dotted(path, w.name(m)))
		}
	}
}

func (w *queryWriter) value(m *Member, value any, path string) {
	switch value := value.(type) {
	case map[string]any:
		if m.Shape.Kind != Map {
			w.structure(m.Shape, value, path)
			return
		}
		w.entries(m.Shape, value, path)
	case []any:
		if len(value) == 0 {
			w.add(path, "")
		} else if !m.Shape.Flattened && !w.ec2 {
			path = dotted(path, wireOr(m.Shape.Element, "member"))
		}
		for i, element := range value {
			w.value(m.Shape.Element, element, dotted(path, strconv.Itoa(i+1)))
		}
	default:
		w.add(path, writeText(value))
	}
}

func (w *queryWriter) entries(s *Shape, values map[string]any, path string) {
	if len(values) == 0 {
		w.add(path, "")
		return
	}
	if !s.Flattened && !w.ec2 {
		path = dotted(path, "entry")
	}
	for i, key := range sortedKeys(values) {
		at := dotted(path, strconv.Itoa(i+1))
		w.add(dotted(at, wireOr(s.Key, "key")), key)
		w.value(s.Element, values[key], dotted(at, wireOr(s.Element, "value")))
	}
}

// dotted is a parameter's name: a path with one more part. Unlike those of errors (within) it is never cut.
func dotted(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (w *queryWriter) add(name, value string) {
	w.parameters = append(w.parameters, formField{name, value})
}

// writeQuery writes an operation in Query or EC2 Query.
func writeQuery(o *Operation) Request {
	w := &queryWriter{queryReader: queryReader{ec2: o.Protocol == EC2}}
	w.add("Action", o.Name)
	w.add("Version", o.Service.APIVersion)
	w.structure(o.Model.Input, o.Input, "")
	return Request{
		Method: "POST", Path: "/", Body: []byte(writeForm(w.parameters)),
		Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
	}
}

// parseQueryProtocol reads a request in Query or EC2 Query. Its parameters are in the body of a POST, or in the query string of a GET, never in both.
func parseQueryProtocol(services []*Service, r *incoming) (*Operation, error) {
	outside, err := readForm(r.request.RawQuery, false)
	if err != nil {
		return nil, err
	}
	parameters := withoutSignature(outside)
	switch {
	case r.request.Path != "/" && r.request.Path != "":
		return nil, malformed("a request in the Query protocol has the path /")
	case r.request.Method == "POST":
		if len(parameters) > 0 {
			return nil, malformed("the parameter %q is in the query string; a POST has its parameters in the body", parameters[0].name)
		}
		if parameters, err = readForm(string(r.request.Body), true); err != nil {
			return nil, err
		}
	case r.request.Method != "GET" || len(r.request.Body) > 0:
		return nil, malformed("a request in the Query protocol is a POST, or a GET without a body")
	}
	tree, err := newQueryTree(parameters)
	if err != nil {
		return nil, err
	}
	action, hasAction := tree.leaf("Action")
	version, hasVersion := tree.leaf("Version")
	if !hasAction || !hasVersion {
		return nil, &Error{Kind: MissingParameter, Message: "the parameters Action and Version are required"}
	}
	return understand(services, func(s *Service) (*Operation, error) {
		model, found := s.Operation(action)
		if !found || s.APIVersion != version || !s.speaks(Query) && !s.speaks(EC2) {
			return nil, &Error{Kind: UnknownOperation, Message: fmt.Sprintf("there is no operation %.100q in version %.100q", action, version)}
		}
		o := &Operation{Service: s, Name: action, Model: model, Protocol: Query}
		if s.speaks(EC2) {
			o.Protocol = EC2
		}
		if err := r.check(model); err != nil {
			return nil, err
		}
		o.Input, err = queryReader{ec2: o.Protocol == EC2}.structure(model.Input, tree, "")
		return o, err
	})
}
