package policy

import "strings"

// documentParser fills a Document from JSON. Its methods stop at the first thing that they do not understand.
type documentParser struct{ *Document }

// want complains unless n is of the kind that element asks for.
func (p documentParser) want(n *node, kind jsonKind, element string) *Error {
	if n.kind != kind {
		return p.place.errorf(n.start, badSyntax, "%s must be %s, not %s", element, kind, n.kind)
	}
	return nil
}

func (p documentParser) document(root *node) *Error {
	if err := p.want(root, jsonObject, "a policy document"); err != nil {
		return err
	}
	var statement *node
	for i := 0; i < len(root.items); i += 2 {
		name, value := &root.items[i], &root.items[i+1]
		switch name.text {
		case "Version":
			if value.kind != jsonString || value.text != version2008 && value.text != version2012 {
				return p.place.errorf(value.start, badVersion, "Version must be %q or %q", version2012, version2008)
			}
			p.version, p.variables = value.text, value.text == version2012
		case "Id":
			if err := p.want(value, jsonString, "Id"); err != nil {
				return err
			}
			p.id = value.text
		case "Statement":
			statement = value
		default:
			return p.place.errorf(name.start, badSyntax, "unknown element %q in a policy document", name.text)
		}
	}
	if statement == nil {
		return p.place.errorf(root.start, noStatement, "missing element Statement")
	}
	return p.statementList(statement)
}

func (p documentParser) statementList(value *node) *Error {
	nodes := []node{*value}
	if value.kind == jsonArray {
		nodes = value.items
	}
	p.statements = make([]statementElement, len(nodes))
	for i := range nodes {
		if err := p.statement(&nodes[i], &p.statements[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p documentParser) statement(n *node, s *statementElement) *Error {
	if err := p.want(n, jsonObject, "a statement"); err != nil {
		return err
	}
	s.offset, s.end = n.start, n.end
	for i := 0; i < len(n.items); i += 2 {
		name, value := &n.items[i], &n.items[i+1]
		var err *Error
		switch name.text {
		case "Sid":
			s.sid = text{value.text, value.start}
			err = p.want(value, jsonString, "Sid")
		case "Effect":
			s.effect = text{value.text, value.start}
			s.deny = strings.EqualFold(value.text, "Deny")
			if value.kind != jsonString || !s.deny && !strings.EqualFold(value.text, "Allow") {
				err = p.place.errorf(value.start, badSyntax.ofBucket("Invalid effect: %s", value.text), `Effect must be "Allow" or "Deny"`)
			}
		case "Principal", "NotPrincipal":
			err = p.principal(name, value, s)
		case "Action", "NotAction":
			err = p.list(name, value, &s.actions)
		case "Resource", "NotResource":
			s.hasResource = true
			err = p.list(name, value, &s.resources)
		case "Condition":
			err = p.condition(value, s)
		default:
			err = p.place.errorf(name.start, badSyntax, "unknown element %q in a statement", name.text)
		}
		if err != nil {
			return err
		}
	}
	if s.effect.value == "" {
		return p.place.errorf(n.start, noEffect, "missing element Effect")
	}
	return nil
}

// list reads Action, Resource and their Not forms, of which a statement may have one each.
func (p documentParser) list(name, value *node, into *list) *Error {
	if into.name != "" {
		return p.place.errorf(name.start, badSyntax, "a statement may not have both %s and %s", into.name, name.text)
	}
	into.name = name.text
	into.not = strings.HasPrefix(name.text, "Not")
	into.offset = value.start
	var err *Error
	into.texts, err = p.texts(value, name.text)
	return err
}

// texts reads a string or a list of strings.
func (p documentParser) texts(value *node, element string) ([]text, *Error) {
	items := []node{*value}
	if value.kind == jsonArray {
		items = value.items
	}
	texts := make([]text, len(items))
	for i := range items {
		if items[i].kind != jsonString {
			return nil, p.place.errorf(items[i].start, badSyntax, "%s must be a string or a list of strings, not %s", element, items[i].kind)
		}
		texts[i] = text{items[i].text, items[i].start}
	}
	return texts, nil
}

func (p documentParser) principal(name, value *node, s *statementElement) *Error {
	if s.principal != nil {
		return p.place.errorf(name.start, badSyntax, "a statement may not have both Principal and NotPrincipal")
	}
	element := &principalElement{offset: value.start, name: name.text, not: name.text == "NotPrincipal"}
	s.principal = element
	if value.kind == jsonString && value.text == "*" {
		element.types = []principalList{{principalAWS, []text{{"*", value.start}}}}
		return nil
	}
	if value.kind != jsonObject {
		return p.place.errorf(value.start, badSyntax, `%s must be "*" or an object`, name.text)
	}
	if len(value.items) == 0 {
		return p.place.errorf(value.start, emptyPrincipal, "%s names nobody", name.text)
	}
	for i := 0; i < len(value.items); i += 2 {
		kind, names := &value.items[i], &value.items[i+1]
		switch kind.text {
		case principalAWS, principalService, principalFederated, principalCanonicalUser:
		default:
			return p.place.errorf(kind.start, both(stageSyntax, "Invalid principal in policy: %q", kind.text), "unknown type of principal %q", kind.text)
		}
		texts, err := p.texts(names, kind.text)
		if err != nil {
			return err
		}
		if len(texts) == 0 {
			return p.place.errorf(names.start, emptyPrincipal, "%s is an empty list", kind.text)
		}
		element.types = append(element.types, principalList{kind.text, texts})
	}
	return nil
}

// condition reads {operator: {key: value or [value, …], …}, …}. Values may be written as strings, numbers or booleans.
func (p documentParser) condition(block *node, s *statementElement) *Error {
	if err := p.want(block, jsonObject, "Condition"); err != nil {
		return err
	}
	if len(block.items) == 0 {
		s.empty = append(s.empty, block.start)
	}
	for i := 0; i < len(block.items); i += 2 {
		name, keys := &block.items[i], &block.items[i+1]
		operator, ok := parseOperator(name.text)
		if !ok {
			return p.place.errorf(name.start, badSyntax.ofBucket("Invalid Condition type : %s", name.text), "unknown condition operator %q", name.text)
		}
		if err := p.want(keys, jsonObject, name.text); err != nil {
			return err
		}
		if len(keys.items) == 0 {
			s.empty = append(s.empty, keys.start)
		}
		for j := 0; j < len(keys.items); j += 2 {
			key, value := &keys.items[j], &keys.items[j+1]
			values, err := p.operands(value)
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, conditionElement{operator, text{key.text, key.start}, value.start, values})
		}
	}
	return nil
}

func (p documentParser) operands(value *node) ([]text, *Error) {
	items := []node{*value}
	if value.kind == jsonArray {
		items = value.items
	}
	values := make([]text, len(items))
	for i := range items {
		switch items[i].kind {
		case jsonString, jsonNumber, jsonBool:
			values[i] = text{items[i].text, items[i].start}
		default:
			return nil, p.place.errorf(items[i].start, badSyntax, "a condition value must be a string, a number, a boolean or a list of them, not %s", items[i].kind)
		}
	}
	return values, nil
}
