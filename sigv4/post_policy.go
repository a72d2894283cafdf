package sigv4

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// postPolicy is a form's policy document ("POST Policy", S3 API Reference, sigv4-HTTPPOSTConstructPolicy).
type postPolicy struct {
	expiration  time.Time
	conditions  []postCondition
	least, most int64 // content-length-range
}

// postCondition is what one field has to be.
type postCondition struct {
	field  string // lower case
	value  string
	prefix bool // starts-with
}

func encodePolicy(document []byte) string { return base64.StdEncoding.EncodeToString(document) }

func parsePostPolicy(encoded string) (*postPolicy, error) {
	if len(encoded) > maxPostPolicy {
		return nil, errPostPolicy("longer than " + strconv.Itoa(maxPostPolicy) + " bytes.")
	}
	document, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errPostPolicy("invalid Base64 encoding.")
	}
	if len(document) == 0 {
		return nil, errPostPolicy("Expecting '{' but found End-of-Input")
	}
	if !utf8.Valid(document) {
		return nil, errPostPolicy("Invalid JSON: not UTF-8.")
	}
	p := &postPolicy{most: math.MaxInt64}
	reader := jsonReader{Decoder: json.NewDecoder(bytes.NewReader(document))}
	var expiration string
	seen := map[string]bool{}
	err = reader.object(func(name string) error {
		if seen[name] {
			return errPostPolicy("Duplicate: " + quote(name))
		}
		seen[name] = true
		switch name {
		case "expiration":
			expiration, err = reader.text()
			return err
		case "conditions":
			return reader.list(func() error { return p.readCondition(&reader) })
		}
		return errPostPolicy(`Unexpected: "` + shown(name) + `"`)
	})
	if err == nil {
		err = reader.end()
	}
	switch {
	case err != nil:
		return nil, err
	case !seen["expiration"]:
		return nil, errPostPolicy("Policy missing expiration.")
	case !seen["conditions"]:
		return nil, errPostPolicy("Policy missing conditions.")
	}
	if p.expiration, err = time.Parse("2006-01-02T15:04:05Z", expiration); err != nil { // with or without a fraction of a second
		return nil, errPostPolicy("Invalid 'expiration' value: " + quote(expiration))
	}
	return p, nil
}

// readCondition reads {"field": "value"}, ["eq", "$field", "value"], ["starts-with", "$field", "prefix"] or ["content-length-range", least, most].
func (p *postPolicy) readCondition(reader *jsonReader) error {
	token, err := reader.token()
	switch {
	case err != nil:
		return err
	case token == json.Delim('{'):
		return p.readSimple(reader)
	case token != json.Delim('['):
		return errPostPolicy("Invalid condition test: must be a List or Object.")
	}
	if !reader.More() {
		return errPostPolicy("Invalid Condition: missing operation identifier.")
	}
	operation, err := reader.text()
	if err != nil {
		return err
	}
	switch strings.ToLower(operation) {
	case "content-length-range":
		err = p.readRange(reader)
	case "eq", "starts-with":
		var field, value string
		if field, err = reader.text(); err == nil {
			value, err = reader.text()
		}
		name, found := strings.CutPrefix(field, "$")
		if err == nil && (!found || name == "") {
			err = errPostPolicy("Invalid " + operation + ": the field " + quote(field) + " must begin with '$'.")
		}
		p.conditions = append(p.conditions, postCondition{field: strings.ToLower(name), value: value, prefix: strings.EqualFold(operation, "starts-with")})
	default:
		err = errPostPolicy("Invalid Condition: unknown operation " + quote(operation) + ".")
	}
	if err != nil {
		return err
	}
	if token, err := reader.token(); err != nil || token != json.Delim(']') {
		return errPostPolicy("Invalid " + operation + ": wrong number of arguments.")
	}
	return nil
}

// readSimple reads the rest of {"field": "value"}.
func (p *postPolicy) readSimple(reader *jsonReader) error {
	members := 0
	err := reader.members(func(name string) error {
		members++
		value, err := reader.simple()
		p.conditions = append(p.conditions, postCondition{field: strings.ToLower(name), value: value})
		return err
	})
	if err == nil && members != 1 {
		err = errPostPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
	}
	return err
}

// readRange reads the two numbers of a content-length-range, which S3 takes as texts too. Several ranges must all hold.
func (p *postPolicy) readRange(reader *jsonReader) error {
	least, err := reader.number()
	if err != nil {
		return err
	}
	most, err := reader.number()
	p.least, p.most = max(p.least, least), min(p.most, most)
	return err
}

// LengthRange is how long the file may be, both ends included.
func (p *Post) LengthRange() (least, most int64) { return p.policy.least, p.policy.most }

// Check holds an upload to bucket against the policy's conditions: each must hold, and every field must have one, except those that S3
// exempts: x-amz-signature, file, policy, and names that begin with x-ignore-. The field "bucket" stands for the bucket that the request names. A key's
// ${filename} is expected to have been replaced. Errors are *Error.
func (p *Post) Check(bucket string, fields []Field) error {
	values := map[string]string{"bucket": bucket}
	for _, field := range fields {
		name := strings.ToLower(field.Name)
		if value, twice := values[name]; twice && (name != "bucket" || value != field.Value) {
			return errTwice(field.Name)
		}
		values[name] = field.Value
	}
	covered := map[string]bool{"x-amz-signature": true, "file": true, "policy": true}
	for _, condition := range p.policy.conditions {
		covered[condition.field] = true
		value, found := values[condition.field]
		if !found || !condition.holds(value) {
			return errPostDenied("Policy Condition failed: " + condition.String())
		}
	}
	for _, field := range fields {
		if name := strings.ToLower(field.Name); !covered[name] && !strings.HasPrefix(name, "x-ignore-") {
			return errPostDenied("Extra input fields: " + shown(name))
		}
	}
	if !covered["bucket"] {
		return errPostDenied("Extra input fields: bucket")
	}
	return nil
}

// holds compares; of a Content-Type that lists several, each has to begin with the prefix.
func (c *postCondition) holds(value string) bool {
	if !c.prefix {
		return value == c.value
	}
	if c.field != "content-type" {
		return strings.HasPrefix(value, c.value)
	}
	for part := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(part), c.value) {
			return false
		}
	}
	return true
}

func (c *postCondition) String() string {
	operation := "eq"
	if c.prefix {
		operation = "starts-with"
	}
	value := c.value
	if c.field == "x-amz-security-token" { // which nobody else is to see, the readers of logs included
		value = "..."
	}
	return fmt.Sprintf(`["%s", "$%s", "%s"]`, operation, shown(c.field), shown(value))
}

// jsonReader reads a policy's JSON token by token, so that no member goes unseen or is read twice.
type jsonReader struct{ *json.Decoder }

func (r *jsonReader) token() (json.Token, error) {
	r.UseNumber()
	token, err := r.Token()
	if err != nil {
		return nil, r.wrong("no JSON")
	}
	return token, nil
}

// wrong is for JSON that is none, or of another type than it must be, which S3 does not tell apart nor say where.
func (r *jsonReader) wrong(what string) error {
	e := errPostPolicy("Invalid JSON at byte " + strconv.FormatInt(r.InputOffset(), 10) + ": " + what + ".")
	e.S3Message = "Invalid Policy: Invalid JSON."
	return e
}

func (r *jsonReader) text() (string, error) {
	token, err := r.token()
	text, ok := token.(string)
	if err == nil && !ok {
		err = r.wrong("not a string")
	}
	return text, err
}

// simple is a simple condition's value.
func (r *jsonReader) simple() (string, error) {
	token, err := r.token()
	text, ok := token.(string)
	if err == nil && !ok {
		err = errPostPolicy("Invalid Simple-Condition: value must be a string.")
	}
	return text, err
}

func (r *jsonReader) number() (int64, error) {
	token, err := r.token()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(fmt.Sprint(token), 10, 64)
	if err != nil || n < 0 {
		return 0, r.wrong("the bounds of a content-length-range must be numbers of bytes")
	}
	return n, nil
}

func (r *jsonReader) object(member func(name string) error) error {
	token, err := r.token()
	if err == nil && token != json.Delim('{') {
		err = errPostPolicy("Expecting '{'.")
	}
	if err != nil {
		return err
	}
	return r.members(member)
}

// members reads an object after its opening brace.
func (r *jsonReader) members(member func(name string) error) error {
	for r.More() {
		name, err := r.text()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

func (r *jsonReader) list(element func() error) error {
	token, err := r.token()
	if err == nil && token != json.Delim('[') {
		err = errPostPolicy("Invalid 'conditions' value: must be a List.")
	}
	for err == nil && r.More() {
		err = element()
	}
	if err != nil {
		return err
	}
	_, err = r.token()
	return err
}

func (r *jsonReader) end() error {
	if _, err := r.Token(); err != io.EOF {
		return errPostPolicy("Invalid JSON: text after the document.")
	}
	return nil
}
