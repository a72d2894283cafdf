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

// element is a part of a document whose elements hold either elements or text.
type element struct {
	name     string
	children []*element
	text     string // of an element without children
}

// maxDepth and maxElements are more than any document of S3's has: a thousand objects to delete with five elements each, or a thousand rules of
// replication.
const (
	maxDepth    = 16
	maxElements = 32 << 10
)

const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// documentReader reads one document. Strangers send some: what it takes is bounded by the document's length.
type documentReader struct {
	*xml.Decoder
	open     []*element // from the document to the innermost
	text     []byte     // of the innermost, up to its first child
	elements int
}

// parseXML reads a document that is a part of an operation's meaning. Attributes other than xmlns, comments, directives and processing
// instructions are refused: readers differ on them.
func parseXML(document []byte) (*element, error) {
	root := &element{}
	r := documentReader{Decoder: xml.NewDecoder(bytes.NewReader(document)), open: []*element{root}}
	for {
		token, err := r.Token()
		if errors.Is(err, io.EOF) && len(root.children) == 1 && len(r.open) == 1 {
			return root.children[0], nil
		}
		if err != nil {
			return nil, r.malformed("not well-formed")
		}
		if err := r.take(token); err != nil {
			return nil, err
		}
	}
}

func (r *documentReader) take(token xml.Token) error {
	current := r.open[len(r.open)-1]
	switch t := token.(type) {
	case xml.StartElement:
		outside := len(r.open) == 1
		r.elements++
		if !plain(t) || len(r.open) > maxDepth || r.elements > maxElements || outside && len(current.children) > 0 || len(bytes.TrimSpace(r.text)) > 0 {
			return r.malformed("element " + quote(t.Name.Local))
		}
		child := &element{name: t.Name.Local}
		current.children, r.text = append(current.children, child), r.text[:0]
		r.open = append(r.open, child)
	case xml.EndElement:
		if len(current.children) == 0 {
			current.text = string(r.text)
		}
		r.open, r.text = r.open[:len(r.open)-1], r.text[:0]
	case xml.CharData:
		if len(r.open) > 1 && len(current.children) == 0 {
			r.text = append(r.text, t...)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return r.malformed("text between elements")
		}
	case xml.ProcInst:
		if len(r.open[0].children) > 0 || t.Target != "xml" {
			return r.malformed("processing instruction")
		}
	default: // a comment or a directive
		return r.malformed("comment or directive")
	}
	return nil
}

func (r *documentReader) malformed(what string) error {
	line, _ := r.InputPos()
	return malformedXML("line %d: %s", line, what)
}

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

func malformedXML(format string, arguments ...any) *Error {
	return &Error{Code: "MalformedXML", Message: "The XML you provided was not well-formed or did not validate against our published schema.",
		Detail: fmt.Sprintf(format, arguments...)}
}

// canonical is the document anew: what a backend gets is what was read.
func (e *element) canonical() []byte {
	var b bytes.Buffer
	e.write(&b, ` xmlns="`+s3Namespace+`"`)
	return b.Bytes()
}

func (e *element) write(b *bytes.Buffer, attribute string) {
	fmt.Fprintf(b, "<%s%s>", e.name, attribute)
	for _, child := range e.children {
		child.write(b, "")
	}
	_ = xml.EscapeText(b, []byte(e.text)) // a bytes.Buffer never fails
	fmt.Fprintf(b, "</%s>", e.name)
}

// leaves are the texts of e's children, each of which must be one of names, come once and hold no elements.
func (e *element) leaves(names ...string) (map[string]string, error) {
	texts := map[string]string{}
	if strings.TrimSpace(e.text) != "" {
		return nil, malformedXML("text in %s", e.name)
	}
	for _, child := range e.children {
		if !slices.Contains(names, child.name) || has(texts, child.name) || len(child.children) > 0 {
			return nil, malformedXML("element %s in %s", quote(child.name), e.name)
		}
		texts[child.name] = child.text
	}
	return texts, nil
}

// only returns e's child called name, which comes once or not at all (nil).
func (e *element) only(name string) (*element, error) {
	var found *element
	for _, child := range e.children {
		switch {
		case child.name != name:
		case found != nil:
			return nil, malformedXML("a second element %s in %s", name, e.name)
		default:
			found = child
		}
	}
	return found, nil
}

// word is e's text where it is compared by policies: one without space around it, which some servers drop.
func (e *element) word() (string, error) {
	if len(e.children) > 0 || strings.TrimSpace(e.text) != e.text || e.text == "" || hasControl(e.text) {
		return "", malformedXML("the value of %s", e.name)
	}
	return e.text, nil
}
