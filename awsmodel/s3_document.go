package awsmodel

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// MaxDeleteKeys is how many keys one DeleteObjects request may name
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
const MaxDeleteKeys = 1000

// Delete is what a DeleteObjects document asks for.
type Delete struct {
	Keys  []string
	Quiet bool // answer with the failures only
}

// WithDocument completes an operation whose meaning is partly in its body: the result has its Calls and a canonical Document, to be
// forwarded in place of body. Errors are *Error.
func (o S3Operation) WithDocument(body []byte) (S3Operation, error) {
	if int64(len(body)) > o.MaxBody {
		return S3Operation{}, malformedXML("the document is longer than %d bytes", o.MaxBody)
	}
	switch o.Name {
	case "CreateBucket":
		return o.withLocation(body)
	case "DeleteObjects":
		parsed, err := parseDelete(body)
		if err != nil {
			return S3Operation{}, err
		}
		return o.WithDelete(parsed), nil
	}
	return S3Operation{}, malformedXML("%s has no document", o.Name)
}

// WithDelete is o, a DeleteObjects operation, for other keys: those, for example, that were allowed.
func (o S3Operation) WithDelete(d Delete) S3Operation {
	o = o.clone()
	o.Delete, o.Calls = d, nil
	object := o
	for _, object.Key = range d.Keys {
		o.Calls = append(o.Calls, object.objectCall("s3:DeleteObject", nil))
	}
	var b bytes.Buffer
	b.WriteString("<Delete>")
	for _, key := range d.Keys {
		b.WriteString("<Object><Key>")
		_ = xml.EscapeText(&b, []byte(key)) // a bytes.Buffer never fails
		b.WriteString("</Key></Object>")
	}
	fmt.Fprintf(&b, "<Quiet>%t</Quiet></Delete>", d.Quiet)
	return o.withDocument(b.Bytes())
}

// withDocument drops the checksums with the body that they were for.
func (o S3Operation) withDocument(document []byte) S3Operation {
	for _, name := range checksumHeader {
		delete(o.Header, name)
	}
	o.Document = document
	return o
}

func (o S3Operation) withLocation(body []byte) (S3Operation, error) {
	o = o.clone()
	location, err := parseLocation(body)
	if err != nil {
		return S3Operation{}, err
	}
	if location == "" {
		o.Calls = []Call{o.bucketCall("s3:CreateBucket", nil)}
		return o.withDocument(nil), nil
	}
	o.Calls = []Call{o.bucketCall("s3:CreateBucket", map[string][]string{"s3:locationconstraint": {location}})}
	return o.withDocument([]byte("<CreateBucketConfiguration><LocationConstraint>" + location + "</LocationConstraint></CreateBucketConfiguration>")), nil
}

// parseLocation reads a CreateBucketConfiguration, of which only the location is modelled. No document means no location.
func parseLocation(body []byte) (string, error) {
	if len(body) == 0 {
		return "", nil
	}
	location, seen := "", false
	err := walkXML(body, func(path, value string) error {
		if path != "CreateBucketConfiguration/LocationConstraint" || seen {
			return malformedXML("element %s", quote(path))
		}
		location, seen = value, true
		if len(value) > 32 || strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789-EU") != "" {
			return &Error{Code: "InvalidLocationConstraint", Message: "The specified location constraint is not valid"}
		}
		return nil
	}, "CreateBucketConfiguration")
	return location, err
}

// parseDelete reads a Delete document. Versions, and the conditions that an object may carry, are not modelled.
func parseDelete(body []byte) (Delete, error) {
	var d Delete
	objects, quiet := 0, false
	err := walkXML(body, func(path, value string) error {
		switch {
		case path == "Delete/Object/Key" && len(d.Keys) == MaxDeleteKeys:
			return malformedXML("more than %d keys", MaxDeleteKeys)
		case path == "Delete/Object/Key" && value != "":
			if err := checkKey(value); err != nil {
				return err
			}
			d.Keys = append(d.Keys, value)
		case path == "Delete/Object" && objects == len(d.Keys)-1: // at its end: exactly one key in each object
			objects++
		case path == "Delete/Quiet" && !quiet && (value == "true" || value == "false"):
			quiet, d.Quiet = true, value == "true"
		default:
			return malformedXML("element %s", quote(path))
		}
		return nil
	}, "Delete", "Delete/Object")
	if err == nil && objects == 0 {
		err = malformedXML("no object is named")
	}
	return d, err
}

// walkXML reads a document whose elements in containers hold elements, and whose others hold text. It calls element with each element's
// path from the root and its text, at its end (the root's end is not reported). Attributes other than xmlns, comments inside of text,
// directives and processing instructions are refused: readers differ on them.
func walkXML(document []byte, element func(path, value string) error, containers ...string) error {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var path []string
	var value strings.Builder
	rooted := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && rooted && len(path) == 0 {
			return nil
		}
		if err != nil {
			return malformedXML("line %d: not well-formed", line(decoder))
		}
		inside := strings.Join(path, "/")
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == 0 && rooted || len(path) > 0 && !slices.Contains(containers, inside) || !plain(t) {
				return malformedXML("line %d: element %s", line(decoder), quote(t.Name.Local))
			}
			rooted = true
			path = append(path, t.Name.Local)
			value.Reset()
			if len(path) == 1 && !slices.Contains(containers, t.Name.Local) {
				return malformedXML("line %d: element %s", line(decoder), quote(t.Name.Local))
			}
		case xml.EndElement:
			if len(path) > 1 {
				if err := element(inside, value.String()); err != nil {
					return err
				}
			}
			path = path[:len(path)-1]
			value.Reset()
		case xml.CharData:
			if len(path) > 0 && !slices.Contains(containers, inside) {
				value.Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return malformedXML("line %d: text between elements", line(decoder))
			}
		case xml.ProcInst:
			if rooted || t.Target != "xml" {
				return malformedXML("line %d: processing instruction", line(decoder))
			}
		default: // a comment or a directive
			return malformedXML("line %d: comment or directive", line(decoder))
		}
	}
}

const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// plain reports whether an element is in S3's namespace or none, and has no attribute but a namespace's declaration.
func plain(t xml.StartElement) bool {
	if t.Name.Space != "" && t.Name.Space != s3Namespace {
		return false
	}
	for _, a := range t.Attr {
		if a.Name.Local != "xmlns" || a.Name.Space != "" {
			return false
		}
	}
	return true
}

func line(decoder *xml.Decoder) int {
	n, _ := decoder.InputPos()
	return n
}

func malformedXML(format string, arguments ...any) *Error {
	return &Error{Code: "MalformedXML", Message: "The XML you provided was not well-formed or did not validate against our published schema (" +
		fmt.Sprintf(format, arguments...) + ")."}
}
