package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The versions of the policy language (IAM User Guide, "IAM JSON policy elements: Version"). Without a Version element
// a document is of the older one, in which ${…} is literal text.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// Document is a parsed policy document, every element with its position. It holds what all kinds of policies have in
// common; Compile checks what one kind asks for. It is immutable.
type Document struct {
	place      place
	id         string
	version    string // as written; empty: none
	variables  bool   // version 2012-10-17
	statements []statementElement
	size       int
}

// text is a string of a document and the offset of the value that held it.
type text struct {
	value  string
	offset int32
}

// statementElement is a Statement as written.
type statementElement struct {
	offset, end int32 // the bytes that it spans: [offset, end)
	sid         text
	effect      text // Allow or Deny, in any case
	deny        bool
	principal   *principalElement // Principal or NotPrincipal
	actions     list              // Action or NotAction
	resources   list              // Resource or NotResource
	conditions  []conditionElement
	empty       []int32 // objects in the Condition element without members, itself included
	hasResource bool
}

// list is an element that has a string or a list of strings as its value, and whose name may begin with Not.
type list struct {
	offset int32 // of the value
	name   string
	not    bool
	texts  []text
}

// principalElement is a Principal or NotPrincipal as written; "*" alone is kept as {"AWS": "*"}, which AWS documents
// to be the same.
type principalElement struct {
	offset int32
	name   string
	not    bool
	types  []principalList
}

type principalList struct {
	kind  string // AWS, Service, Federated or CanonicalUser
	texts []text
}

// conditionElement is one key of one operator of a Condition block.
type conditionElement struct {
	operator operator
	key      text
	offset   int32 // of the value
	values   []text
}

// Parse reads one policy document: JSON, of at most MaxDocumentSize bytes, in the grammar that all kinds of policies
// share (IAM User Guide, "Grammar of the IAM JSON policy language"). Errors are *Error. A Statement list may be empty. What
// is JSON of the right shape but no policy (equal Sids, no actions, an Effect in the wrong case) is for Compile to refuse.
func Parse(source []byte) (*Document, error) {
	text := string(source[:min(len(source), MaxDocumentSize+1)]) // enough to see that it is too long
	root, duplicates, bad := readJSON(text, MaxDocumentSize)
	if bad != nil {
		where := newPlace(text, 0, int32(min(len(text), MaxDocumentSize)))
		return nil, where.errorf(int32(bad.offset), badJSON, "%s", bad.message)
	}
	d, err := newDocument(text, 0, &root, duplicates)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// newDocument reads the document that root, a value of text, is. Positions count from start on. duplicates are those of the whole text.
func newDocument(text string, start int32, root *node, duplicates []int32) (*Document, *Error) {
	p := documentParser{&Document{place: newPlace(text, start, root.end)}}
	if i, _ := slices.BinarySearch(duplicates, root.start); i < len(duplicates) && duplicates[i] < root.end {
		return nil, p.place.errorf(duplicates[i], badSyntax, "this name occurs a second time in the object")
	}
	p.size = size(text[root.start:root.end])
	if err := p.document(root); err != nil {
		return nil, err
	}
	return p.Document, nil
}

// Size is the document's length in characters without white space, as AWS counts it against its quotas.
func (d *Document) Size() int { return d.size }

func size(text string) int {
	count := utf8.RuneCountInString(text)
	if count == len(text) { // all of it ASCII, as nearly always
		for _, space := range [...]string{" ", "\n", "\t", "\r", "\v", "\f"} {
			count -= strings.Count(text, space)
		}
		return count
	}
	for _, c := range text {
		if unicode.IsSpace(c) {
			count--
		}
	}
	return count
}

// PrincipalName is one principal ARN as written.
type PrincipalName struct {
	Value    string
	Position Position
}

// Principals lists the user and role ARNs that a trust policy's Principal elements name, each with its position, for
// the directory to resolve to unique ids when it saves the document (Options.PrincipalIDs).
func (d *Document) Principals() []PrincipalName {
	var names []PrincipalName
	for i := range d.statements {
		element := d.statements[i].principal
		if element == nil {
			continue
		}
		for _, list := range element.types {
			for _, text := range list.texts {
				if list.kind == principalAWS && namesEntity(text.value) {
					names = append(names, PrincipalName{text.value, d.place.position(text.offset)})
				}
			}
		}
	}
	return names
}

// Version is the version of the policy language that the document is of.
func (d *Document) Version() string {
	if d.variables {
		return version2012
	}
	return version2008
}

// Len is the number of the document's statements.
func (d *Document) Len() int { return len(d.statements) }
