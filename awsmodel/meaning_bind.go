package awsmodel

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// resourceName is what a request names: an ARN, or the pattern of all that it may be.
type resourceName struct {
	arn string
	any bool
}

// binder finds the resources of one action in a request.
type binder struct {
	*reader
	entry    policy.ActionEntry
	patterns [][]pattern      // of each resource type
	targets  [][]resourceName // of each resource type
	open     []bool           // of each resource type: a member names something beside what was understood in it
	generic  bool             // a member that may name a resource of any type named one
	naming   map[string]bool  // members by their names: whether a naming reads them
}

// bind says on which resources an action must be allowed. The rules, for each resource type of the action:
//
//   - every ARN of its form that the request names is one of them;
//   - so is what its members name that are called as the ARN's parts are: TableName for table/${TableName}, InstanceIds for instance/${InstanceId};
//   - a type that the operation creates is decided as AWS does, on instance/* where the name is not known yet;
//   - a required one that is not named so, and one that is named in a way that no rule understands, is every resource of the type;
//   - an optional one that is not named is left out, as AWS does. When nothing is left, the action is decided on "*".
func (r *reader) bind(entry policy.ActionEntry) ([]Call, error) {
	if entry.WildcardOnly() {
		call := r.call(entry, nil, "*", false)
		call.WildcardOnly = true
		return []Call{call}, nil
	}
	b := &binder{reader: r, entry: entry, targets: make([][]resourceName, len(entry.ResourceTypes)), open: make([]bool, len(entry.ResourceTypes))}
	for _, use := range entry.ResourceTypes {
		var patterns []pattern
		for _, form := range use.Type.ARNs {
			if p, ok := r.reference.pattern(form); ok {
				patterns = append(patterns, p)
			}
		}
		b.patterns = append(b.patterns, patterns)
	}
	other, err := b.byARN()
	if err != nil {
		return nil, err
	}
	if err := b.byIdentifier(); err != nil {
		return nil, err
	}
	for i := range entry.ResourceTypes {
		if err := b.byName(i); err != nil {
			return nil, err
		}
	}
	b.rest()
	resources := len(other)
	for _, targets := range b.targets {
		resources += len(targets)
	}
	if err := b.bounded(resources); err != nil {
		return nil, err
	}
	return append(b.calls(), other...), nil
}

func (b *binder) calls() []Call {
	var calls []Call
	for i := range b.targets {
		seen := map[string]bool{}
		for _, t := range b.targets[i] {
			if seen[t.arn] {
				continue
			}
			seen[t.arn] = true
			if b.entry.Name == "ec2:RunInstances" && b.entry.ResourceTypes[i].Type.Name == "volume" && !t.any {
				calls = append(calls, b.devices(&b.entry.ResourceTypes[i], t.arn)...)
				continue
			}
			call := b.call(b.entry, &b.entry.ResourceTypes[i], t.arn, t.any)
			if createsBeside(b.entry.Name, b.entry.ResourceTypes[i].Type.Name) && t.arn != b.cover(i, true).arn {
				withoutRequestTags(call.Keys)
			}
			calls = append(calls, call)
		}
	}
	if len(calls) == 0 && !b.generic {
		calls = append(calls, b.call(b.entry, nil, "*", true))
	}
	return calls
}

// withoutRequestTags leaves out the tags of what is made: what it is made from does not get them. AmazonEBSCSIDriverPolicyV2 allows CopyVolumes by a
// statement for the volume's tags and by another for the request's (AWS Managed Policy Reference).
func withoutRequestTags(keys map[string][]string) {
	maps.DeleteFunc(keys, func(name string, _ []string) bool {
		return name == "aws:TagKeys" || strings.HasPrefix(name, "aws:RequestTag/")
	})
}

// byARN takes every ARN in the request that has the form of one of the action's types, and every ARN of the service in a member for whatever
// resource (ResourceArn): those of a form that the reference does not have for the action are decided as they are.
func (b *binder) byARN() ([]Call, error) {
	var other []Call
	named, missed := map[string]bool{}, map[string]bool{} // members for a resource of any type, and those that hold something else
	for _, leaf := range b.leaves {
		whatever := leaf.top && whateverMembers[leaf.plain]
		arn, is := arnOf(leaf.text)
		if !is {
			missed[leaf.member] = missed[leaf.member] || whatever
			continue
		}
		if b.readByNaming(leaf) { // a naming knows better what the value is
			continue
		}
		kind := b.kindOf(arn)
		if kind < 0 && !(whatever && b.ofService(arn)) {
			missed[leaf.member] = missed[leaf.member] || whatever
			continue
		}
		if err := component(leaf.member, leaf.text); err != nil {
			return nil, err
		}
		b.note(leaf.member, leaf.text)
		named[leaf.member] = true
		b.generic = b.generic || whatever
		if kind < 0 {
			other = append(other, b.call(b.entry, nil, leaf.text, false))
			continue
		}
		b.targets[kind] = append(b.targets[kind], resourceName{arn: leaf.text})
	}
	for member, missing := range missed {
		for i := range b.open {
			b.open[i] = b.open[i] || missing && named[member]
		}
	}
	return other, nil
}

// arnOf reads a text that is an ARN.
func arnOf(text string) (arn policy.ARN, is bool) {
	if !strings.HasPrefix(text, "arn:") {
		return policy.ARN{}, false
	}
	arn, err := policy.ParseARN(text)
	return arn, err == nil
}

// kindOf is the resource type of the action that an ARN has the form of, the one that says most; -1 for none.
func (b *binder) kindOf(arn policy.ARN) int {
	best, literal := -1, -1
	for i, patterns := range b.patterns {
		for _, p := range patterns {
			if p.fits(arn) && p.literal() > literal {
				best, literal = i, p.literal()
			}
		}
	}
	return best
}

func (b *binder) ofService(arn policy.ARN) bool {
	return arn.Service == b.prefix || slices.ContainsFunc(b.patterns, func(patterns []pattern) bool {
		return slices.ContainsFunc(patterns, func(p pattern) bool { return p.service == arn.Service })
	})
}

// whateverMembers may name a resource of any of a service's types.
var whateverMembers = map[string]bool{
	"arn": true, "arns": true, "resource": true, "resourcearn": true, "resourcearnlist": true, "resourcearns": true, "resources": true,
	"resourcename": true, "resourceid": true, "resourceids": true, "resourceidentifier": true, "taggableresourcearn": true,
	"identifier": true, "id": true, "ids": true, "targetarn": true,
}

// byName binds what members name that are called as the type's parts.
func (b *binder) byName(i int) error {
	use := b.entry.ResourceTypes[i]
	for _, p := range b.patterns[i] {
		names := p.names()
		if len(names) == 0 { // there is one of it only
			if use.Required {
				arn, whole := p.fill(b.place, nil)
				b.targets[i] = append(b.targets[i], resourceName{arn, !whole})
			}
			continue
		}
		place, values, err := b.parents(use.Type, p)
		if err != nil {
			return err
		}
		found, err := b.children(i, p, place, values)
		if err != nil {
			return err
		}
		b.targets[i] = append(b.targets[i], found...)
		if len(found) > 0 {
			break
		}
	}
	return nil
}

// parents are the values of all parts of an ARN but the last. An ARN in such a member says where the resource is as well.
func (b *binder) parents(kind policy.ResourceType, p pattern) (Place, map[string]string, error) {
	place, values, names := b.place, map[string]string{}, p.names()
	for _, name := range names[:len(names)-1] {
		if standard, known := defaults[b.prefix+":"+name]; known {
			values[name] = standard
		}
		for _, member := range b.candidates(kind, name, false) {
			texts := b.texts(member)
			if len(texts) != 1 || texts[0] == "" {
				continue
			}
			text := texts[0]
			if arn, is := arnOf(text); is {
				if arn.Service != p.service {
					return place, nil, &Error{Kind: UnknownParameter, Message: member + ": it is the ARN of another service: " + excerpt(text)}
				}
				place = Place{Partition: arn.Partition, Region: arn.Region, Account: arn.Account}
				text = parentOf(b.prefix, arn.Resource)
			}
			if err := component(member, text); err != nil {
				return place, nil, err
			}
			if strings.Contains(text, ":") || strings.Contains(text, "/") && namings[b.prefix+":"+name] == nil {
				continue
			}
			values[name] = text
			b.note(member, texts[0])
			break
		}
	}
	return place, values, nil
}

// parentOf is the name in the ARN of a resource that others are beneath.
func parentOf(prefix, resource string) string {
	if group, found := strings.CutPrefix(resource, "log-group:"); found && prefix == "logs" {
		return strings.TrimSuffix(group, ":*")
	}
	return resource[strings.LastIndexAny(resource, ":/")+1:]
}

// children are the resources that the members for the last part of an ARN name.
func (b *binder) children(i int, p pattern, place Place, values map[string]string) ([]resourceName, error) {
	kind := b.entry.ResourceTypes[i].Type
	names := p.names()
	last := names[len(names)-1]
	read, known := namings[b.prefix+":"+last]
	switch {
	case known:
	case slashed[b.prefix+":"+last]:
		read = (*binder).slashedName
	case b.prefix == "batch" && last == "JobDefinitionName":
		read = (*binder).jobDefinition
	case b.prefix == "ec2" && strings.HasSuffix(last, "Id"):
		read = (*binder).identifier
	default:
		read = (*binder).plainName
	}
	var found []resourceName
	for _, member := range b.candidates(kind, last, true) {
		for _, given := range b.texts(member) {
			text := given
			if !known && strings.HasPrefix(text, "arn:") {
				if arn, err := policy.ParseARN(text); err != nil || b.kindOf(arn) < 0 {
					b.open[i] = true
				}
				continue // byARN has it otherwise
			}
			if b.prefix == "ssm" && otherMachine(kind.Name, text) {
				continue
			}
			if b.prefix == "logs" {
				text = strings.TrimSuffix(text, ":*") // the form of ARNs that DescribeLogGroups answers with
			}
			if err := component(member, text); err != nil {
				return nil, err
			}
			t, err := read(b, naming{member, text, p, place, values})
			if err != nil {
				return nil, err
			}
			b.note(member, given)
			found = append(found, t)
		}
	}
	return found, nil
}

// plainName takes a name as it is. One with a colon or slash could be read as more parts of the ARN than one: whatever the type may be, then.
func (b *binder) plainName(n naming) (resourceName, error) {
	if strings.ContainsAny(n.text, ":/") {
		arn, _ := n.pattern.fill(n.place, n.values)
		return resourceName{arn, true}, nil
	}
	return b.whole(n, n.text), nil
}

// jobDefinition takes a name with its revision. SubmitJob without a revision is of the latest, whatever its number is (AWS Batch User Guide,
// "Resource: Restrict to job definition prefix on job submission": the ARN of a request "includes the revision").
func (b *binder) jobDefinition(n naming) (resourceName, error) {
	name, revision, numbered := strings.Cut(n.text, ":")
	switch {
	case strings.ContainsAny(name+revision, ":/"):
		return b.plainName(n)
	case !numbered && b.entry.Name == "batch:SubmitJob":
		return resourceName{b.whole(n, name+":*").arn, true}, nil
	}
	return b.whole(n, n.text), nil
}

// slashedName takes a name that may have slashes, as it is.
func (b *binder) slashedName(n naming) (resourceName, error) {
	n.text = strings.TrimPrefix(n.text, "/")
	if strings.Contains(n.text, ":") {
		return resourceName{}, &Error{Kind: UnknownParameter, Message: fmt.Sprintf("%s: %q cannot be the name of a resource", n.member, excerpt(n.text))}
	}
	return b.whole(n, n.text), nil
}

// whole is the resource that a naming's pattern makes of a name.
func (b *binder) whole(n naming, name string) resourceName {
	values := maps.Clone(n.values)
	names := n.pattern.names()
	values[names[len(names)-1]] = name
	arn, whole := n.pattern.fill(n.place, values)
	return resourceName{arn, !whole}
}

// rest covers what no rule has bound.
func (b *binder) rest() {
	anyTarget := slices.ContainsFunc(b.targets, func(t []resourceName) bool { return len(t) > 0 })
	tagging := b.entry.AccessLevel == "Tagging" || strings.Contains(b.entry.Name, "Tag") // on a resource of any one type
	for i, use := range b.entry.ResourceTypes {
		if b.absent(use.Type.Name) {
			continue
		}
		creates := b.creates(use.Type)
		suspect := b.suspect(i)
		switch {
		case b.alternative(i) && anyTarget || b.generic && !suspect && (!use.Required || tagging):
			// Another type of the same action is what was named instead.
		case creates && len(b.targets[i]) == 0:
			b.targets[i] = append(b.targets[i], b.cover(i, true))
			if suspect {
				b.targets[i] = append(b.targets[i], b.cover(i, false))
			}
		case suspect || use.Required && len(b.targets[i]) == 0:
			b.targets[i] = append(b.targets[i], b.cover(i, false))
		}
		if createsBeside(b.entry.Name, use.Type.Name) {
			b.targets[i] = append(b.targets[i], b.cover(i, true))
		}
	}
}

// cover is the pattern of all that a type's resource may be, as far as the request says where it is; what is created is decided on that text.
func (b *binder) cover(i int, created bool) resourceName {
	if len(b.patterns[i]) == 0 {
		return resourceName{"*", true}
	}
	p := b.patterns[i][0]
	values := map[string]string{}
	place := b.place
	if names := p.names(); len(names) > 1 {
		place, values, _ = b.parents(b.entry.ResourceTypes[i].Type, p)
	}
	arn, _ := p.fill(place, values)
	return resourceName{arn, !created || !madeByService(p.names(), values)}
}

// madeByService tells whether only the last part of an ARN is open, and is one that the service makes up: an id. A name that no member was found for
// may be in the request nevertheless.
func madeByService(names []string, values map[string]string) bool {
	if len(names) == 0 || len(values) != len(names)-1 {
		return false
	}
	last := lower(names[len(names)-1])
	return strings.HasSuffix(last, "id") || strings.HasSuffix(last, "identifier") || strings.HasSuffix(last, "revisionnumber")
}
