package awsmodel

import (
	"slices"
	"unicode/utf8"
)

// hasBody tells whether an operation's input may have members in the body.
func hasBody(input *Shape) bool {
	return slices.ContainsFunc(input.Members, func(m Member) bool { return m.Location == InBody })
}

// readBody reads the members of a REST request that are in its body.
func (r *incoming) readBody(o *Operation) error {
	input, body := o.Model.Input, r.request.Body
	payload, hasPayload := input.Member(input.Payload)
	if hasPayload && (payload.Shape.Kind == Blob || payload.Shape.Kind == String) {
		return readRaw(payload, body, o.Input)
	}
	if len(body) == 0 {
		return nil
	}
	if !hasBody(input) && !hasPayload {
		if string(body) == "{}" && o.Protocol == RESTJSON {
			return nil // some SDKs send it with every POST
		}
		return malformed("the operation %s has no body", o.Name)
	}
	contentType := r.contentType()
	if o.Protocol == RESTXML {
		if contentType != "" && contentType != "application/xml" && contentType != "text/xml" {
			return malformed("the content type %.100q is not XML", contentType)
		}
		return readXMLBody(o, body)
	}
	if contentType != "application/json" && !isJSONType(contentType) {
		return malformed("the content type %.100q is not JSON", contentType)
	}
	m, path := &Member{Shape: input}, ""
	if hasPayload {
		m, path = payload, payload.Name
	}
	value, present, err := readJSON(m, body, path)
	switch {
	case err != nil || !present:
		return err
	case hasPayload:
		o.Input[payload.Name] = value
	default:
		members, _ := value.(map[string]any)
		for name, v := range members {
			o.Input[name] = v
		}
	}
	return nil
}

// readRaw reads a body that is one member's value as it is.
func readRaw(payload *Member, body []byte, input map[string]any) error {
	if len(body) == 0 && !payload.Required {
		return nil
	}
	if payload.Shape.Kind == Blob {
		input[payload.Name] = append([]byte{}, body...)
		return nil
	}
	if !utf8.Valid(body) {
		return wrongValue(payload.Name, "the body is not UTF-8")
	}
	input[payload.Name] = string(body)
	return nil
}

// writeBody is the inverse of readBody.
func writeBody(r *Request, o *Operation) {
	input := o.Model.Input
	payload, hasPayload := input.Member(input.Payload)
	value, present := any(o.Input), hasBody(input)
	m := &Member{Shape: input}
	if hasPayload {
		m = payload
		value, present = o.Input[payload.Name]
	}
	if !present {
		return
	}
	contentType := "application/json"
	switch raw := value.(type) {
	case []byte:
		r.Body, contentType = raw, "application/octet-stream"
	case string:
		r.Body, contentType = []byte(raw), "text/plain"
	default:
		if o.Protocol == RESTXML {
			r.Body, contentType = appendXMLBody(nil, o, m, value), "application/xml"
		} else {
			r.Body = appendJSON(nil, m, value)
		}
	}
	if headerMember(input, "content-type") != nil {
		return // the input says it, or says nothing
	}
	r.Header["Content-Type"] = []string{contentType}
}
