package awsmodel

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// reader is what calls are made from: one operation's input and the place where it was sent.
type reader struct {
	reference *Reference
	operation *Operation
	prefix    string
	place     Place
	caller    string   // the account that the request comes from, which need not be the place's
	members   []string // of the input, ascending
	leaves    []leaf
	bound     map[binding]bool // what in the input named a resource
	// keys are the condition keys that the request gives, without those of tags, under their names in lower case but for a part that is filled in.
	keys      map[string][]string
	tags      tagging
	ambiguous bool // two of the keys differ in nothing but case
}

// leaf is one text somewhere in an input, with the name of the member that holds it or the list that it is in.
type leaf struct {
	member string
	plain  string // the member in the plain form
	text   string
	top    bool // of the input itself
}

// binding is a text in a member of some name: two of one name say the same with it.
type binding struct{ member, text string }

// note notes that a text named a resource.
func (r *reader) note(member, text string) {
	r.bound[binding{member[strings.LastIndexByte(member, '.')+1:], text}] = true
}

// maxTexts is how many texts a request may have: more than AWS's largest (1,000 metrics with their dimensions), and as many as can be looked at.
const maxTexts = 30_000

func newReader(reference *Reference, o *Operation, place Place) (*reader, error) {
	r := &reader{reference: reference, operation: o, place: place, caller: place.Account, bound: map[binding]bool{}}
	r.prefix = prefixOf(o.Service.SigningName)
	if account, _ := o.Input[accountMembers[r.prefix]].(string); account != "" {
		if account, _, _ = strings.Cut(account, ":"); !policy.IsAccountID(account) { // Glue has catalogs within an account's
			return nil, &Error{Kind: UnknownParameter, Message: accountMembers[r.prefix] + ": it is not an account"}
		}
		r.place.Account = account
	}
	r.members = slices.Sorted(maps.Keys(o.Input))
	input := o.shape()
	for _, member := range r.members {
		if plain := bare(member); !silent[plain] {
			r.gather(leaf{member: member, plain: plain, top: true}, input.part(member), o.Input[member])
		}
	}
	if len(r.leaves) > maxTexts {
		return nil, &Error{Kind: UnknownParameter, Message: fmt.Sprintf("the request has more than %d texts", maxTexts)}
	}
	var err error
	if r.tags, err = r.readTags(); err != nil {
		return nil, err
	}
	if r.keys = r.requestKeys(); r.ambiguous {
		return nil, &Error{Kind: UnknownParameter, Message: "EncryptionContext: two of its keys differ in nothing but case"}
	}
	return r, nil
}

// accountMembers are the members that say whose resources a request is about, where it need not be the caller's.
var accountMembers = map[string]string{"glue": "CatalogId", "quicksight": "AwsAccountId", "s3": "AccountId"}

// silent are the members in which nothing names a resource that an operation is about: tags, filters, content, and peers in the rules of
// a firewall.
var silent = map[string]bool{
	"clienttoken": true, "description": true, "filter": true, "filters": true, "ippermissions": true, "nexttoken": true, "policy": true,
	"policydocument": true, "tag": true, "taglist": true, "tags": true, "tagspecification": true, "tagspecifications": true, "userdata": true,
	"resourcepolicy": true, "secretstring": true, "templatebody": true, "parameters": true, "message": true, "messagebody": true,
}

// gather collects the texts of a value, the keys of maps among them. Only members of structures are silent: the keys of a map are the caller's to
// choose. The recursion is as deep as the model's shapes and at most as the parser allows.
func (r *reader) gather(at leaf, shape *Shape, value any) {
	if len(r.leaves) > maxTexts {
		return
	}
	switch v := value.(type) {
	case string:
		at.text = v
		r.leaves = append(r.leaves, at)
	case []any:
		top := at.top
		for _, element := range v {
			_, structure := element.(map[string]any)
			at.top = top && !structure
			r.gather(at, shape.part(""), element)
		}
	case map[string]any:
		at.top = false
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner := at
			if shape.named() {
				if inner.member, inner.plain = name, bare(name); silent[inner.plain] {
					continue
				}
			} else {
				r.gather(at, nil, name)
			}
			r.gather(inner, shape.part(name), v[name])
		}
	}
}

// shape is the operation's input in the model; nil if the service has no such operation.
func (o *Operation) shape() *Shape {
	if o.Service.models == nil { // of a call that another operation leads to
		return nil
	}
	model, known := o.Service.Operation(o.Name)
	if !known {
		return nil
	}
	return model.Input
}

// named tells whether the parts of a value have names of the model's, and not of the caller's.
func (s *Shape) named() bool { return s != nil && (s.Kind == Structure || s.Kind == Union) }

// part is the shape of a part of a value: of a member by its name, or of whatever element or value. Of what the model does not describe it is nil.
func (s *Shape) part(name string) *Shape {
	switch {
	case s == nil:
		return nil
	case s.named():
		if m, found := s.Member(name); found {
			return m.Shape
		}
		return nil
	case s.Element != nil:
		return s.Element.Shape
	}
	return nil
}

// text is a member of the input that is a text; empty where it is absent or something else.
func (r *reader) text(member string) string {
	text, _ := r.operation.Input[member].(string)
	return text
}

// texts are the texts of a member of the input, one or a list of them, or of what a path with points leads to.
func (r *reader) texts(member string) []string { return r.textsAt(strings.Split(member, ".")...) }

func textsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, element := range v {
			if text, is := element.(string); is {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

// structures are the structures of a member: one, or a list of them.
func structures(value any) []map[string]any {
	switch v := value.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []any:
		var found []map[string]any
		for _, element := range v {
			if structure, is := element.(map[string]any); is {
				found = append(found, structure)
			}
		}
		return found
	}
	return nil
}

// at follows member names into the input, through lists, and returns every value at the end of them.
func (r *reader) at(path ...string) []any {
	values := []any{r.operation.Input}
	for _, name := range path {
		var next []any
		for _, value := range values {
			for _, structure := range structures(value) {
				if member, known := structure[name]; known {
					next = append(next, member)
				}
			}
		}
		values = next
	}
	return values
}

// textsAt is at for texts and lists of texts.
func (r *reader) textsAt(path ...string) []string {
	var texts []string
	for _, value := range r.at(path...) {
		texts = append(texts, textsOf(value)...)
	}
	return texts
}

// scalar is a value as condition keys have it; ok is false for what is not one value.
func scalar(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// call is a Call of an action on a resource of one of its types, with the condition keys that go with both. use is nil where the action has no
// resource types.
func (r *reader) call(entry policy.ActionEntry, use *policy.ResourceUse, resource string, any bool) Call {
	call := Call{Action: entry.Name, Resource: resource, AnyResource: any, Keys: map[string][]string{}}
	allowed := entry.Keys
	kind := ""
	if use != nil {
		allowed = slices.Concat(entry.Keys, use.Type.Keys)
		kind = use.Type.Name
	}
	if resource != "*" {
		call.TagKeys = tagKeys(allowed)
	}
	tags := r.tags.of(kind)
	for _, name := range allowed {
		before, part, _ := strings.Cut(name, "${")
		if part == "" {
			if r.prefix == "ec2" {
				if values, known := r.instanceKey(name, kind, call); known {
					call.Keys[name] = values
				}
			} else if values, known := r.keys[lower(name)]; known {
				call.Keys[name] = values
			} else if values, known := r.byMember(name); known {
				call.Keys[name] = values
			}
			continue
		}
		for key, values := range r.keys {
			if rest, found := strings.CutPrefix(key, lower(before)); found && rest != "" {
				call.Keys[before+rest] = values
			}
		}
	}
	tags.put(allowed, call.Keys)
	return call
}

// tagKeys are the names under which a service tells a resource's tags, up to the tag's key.
func tagKeys(allowed []string) []string {
	var names []string
	for _, name := range allowed {
		before, found := strings.CutSuffix(name, "${TagKey}")
		if found && strings.HasSuffix(lower(before), "resourcetag/") && !slices.Contains(names, before) {
			names = append(names, before)
		}
	}
	return names
}

// on is a Call of an action on a resource of the type, by their names.
func (r *reader) on(action, kind, resource string, any bool) (Call, error) {
	entry, known := r.reference.Action(action)
	if !known {
		return Call{}, undecidable(action, "the Service Authorization Reference has no such action")
	}
	for i := range entry.ResourceTypes {
		if entry.ResourceTypes[i].Type.Name == kind {
			return r.call(entry, &entry.ResourceTypes[i], resource, any), nil
		}
	}
	return r.call(entry, nil, resource, any), nil
}

// arn completes an ARN of the place.
func (r *reader) arn(service, resource string) string {
	return policy.ARN{Partition: r.place.Partition, Service: service, Region: r.place.Region, Account: r.place.Account, Resource: resource}.String()
}

// component checks a name before it becomes a part of an ARN: it must not be read as a pattern, nor as more parts than it is, nor as another name by
// a server that tidies paths.
func component(member, value string) error {
	dots := slices.ContainsFunc(strings.Split(value, "/"), func(segment string) bool { return segment == "." || segment == ".." })
	if value == "" || dots || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f || c == '*' || c == '?' || c == 0xfffd }) {
		return &Error{Kind: UnknownParameter, Message: fmt.Sprintf("%s: %q cannot be the name of a resource", member, excerpt(value))}
	}
	return nil
}

// excerpt is so much of a value as an error may repeat.
func excerpt(value string) string {
	if len(value) > 100 {
		return strings.ToValidUTF8(value[:100], "") + "…"
	}
	return value
}
