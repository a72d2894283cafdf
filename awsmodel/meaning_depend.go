package awsmodel

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Many actions need others beside them: the Service Authorization Reference has them in its column of dependent
// actions. Those that the request's roles, tags, keys and objects need are asked for by what finds these. Of the
// others it is seldom in the request what they are about; they are asked for on all that it may be. Some are needed
// only in some cases, and some in none that can be seen: dependentNeeds says in which.

// dependents are the calls for the dependent actions of an operation's own actions that are not among its calls so
// far.
func (r *reader) dependents(own, calls []Call, passed bool) []Call {
	f := &forwarder{reader: r, seen: map[string]bool{}}
	roles := &roleReader{reader: r}
	asked := map[string]bool{"s3:GetObject": wants(calls, "s3:GetObjectVersion")} // which is asked in its place for a version
	for _, call := range calls {
		asked[call.Action] = true
	}
	for i, call := range own {
		if !strings.HasPrefix(call.Action, r.prefix+":") {
			continue
		}
		entry, _ := r.reference.Action(call.Action)
		names := entry.Dependent
		if i == 0 {
			names = slices.Concat(strings.Fields(moreDependents[r.prefix+":"+r.operation.Name]), names)
		}
		for _, name := range names {
			dependent, known := r.reference.Action(name)
			if !known || asked[name] || !r.depends(dependent) {
				continue
			}
			asked[name] = true
			switch {
			case name == "iam:PassRole":
				roles.pass("", Call{Resource: roles.allRoles(), AnyResource: true, Forwarded: true})
			case strings.HasPrefix(name, "s3:"):
				if !passed || !actsByRole[r.prefix] {
					f.storage(dependent)
				}
			case sameResource[name]:
				f.beside(dependent, own)
			default:
				f.dependent(dependent)
			}
		}
	}
	return append(roles.calls, f.calls...)
}

func wants(calls []Call, action string) bool {
	return slices.ContainsFunc(calls, func(c Call) bool { return c.Action == action })
}

// depends tells whether the request needs a dependent action, by the row of the table that says most about it:
// without one it does.
func (r *reader) depends(dependent policy.ActionEntry) bool {
	service, _, _ := strings.Cut(dependent.Name, ":")
	if service == r.prefix && dependent.AccessLevel == "Tagging" {
		return false // taggings asks for it where there are tags
	}
	for _, who := range [...]string{r.prefix + ":" + r.operation.Name + " ", r.prefix + " ", ""} {
		for _, what := range [...]string{dependent.Name, service + ":*"} {
			row, known := dependentNeeds[who+what]
			if !known {
				continue
			}
			meets := func(condition string) bool { return r.meets(condition, service) }
			return row == always || row != never && slices.ContainsFunc(strings.Fields(row), meets)
		}
	}
	return true
}

// meets tells whether a condition of dependentNeeds holds. Where it is not sure it does.
func (r *reader) meets(condition, service string) bool {
	if condition == whose {
		return slices.ContainsFunc(r.leaves, func(leaf leaf) bool {
			arn, err := policy.ParseARN(leaf.text)
			return err == nil && arn.Service == service || strings.EqualFold(leaf.text, service)
		})
	}
	if text, is := strings.CutPrefix(condition, "~"); is {
		return anyText(r.operation.Input, func(value string) bool { return strings.Contains(lower(value), text) })
	}
	if member, is := strings.CutPrefix(condition, "!"); is {
		return r.text(member) == ""
	}
	member, value, _ := strings.Cut(condition, "=")
	return present(r.operation.Input, bare(member), value)
}

// present tells whether there is a member of a name, in its plain form, somewhere in an input: one that is not false,
// and where a value is wanted has it.
func present(input any, member, value string) bool {
	switch v := input.(type) {
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return present(element, member, value) })
	case map[string]any:
		for name, inner := range v {
			text, _ := inner.(string)
			list, _ := inner.([]any)
			has := inner != false && inner != nil && inner != "" && (list == nil || len(list) > 0)
			if value != "" {
				has = strings.EqualFold(text, value)
			}
			if bare(name) == member && has || present(inner, member, value) {
				return true
			}
		}
	}
	return false
}

// anyText tells whether a text somewhere in an input is of a kind.
func anyText(input any, is func(string) bool) bool {
	switch v := input.(type) {
	case string:
		return is(v)
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return anyText(element, is) })
	case map[string]any:
		for _, element := range v {
			if anyText(element, is) {
				return true
			}
		}
	}
	return false
}

// dependent adds the call for a dependent action on all that it may be about: what is of its one type of resource, or
// anything.
func (f *forwarder) dependent(entry policy.ActionEntry) {
	service, _, _ := strings.Cut(entry.Name, ":")
	resource := "*"
	if len(entry.ResourceTypes) == 1 && len(entry.ResourceTypes[0].Type.ARNs) == 1 {
		if p, ok := f.reference.pattern(entry.ResourceTypes[0].Type.ARNs[0]); ok {
			resource, _ = p.fill(f.place, nil)
		}
	}
	kind := ""
	if entry.WildcardOnly() {
		kind = "service"
	}
	before := len(f.calls)
	f.add(entry.Name, kind, resource, true, nil)
	if service == f.prefix {
		askedOfItself(f.calls[before:])
	}
}

// askedOfItself takes from calls what tells that another service makes them.
func askedOfItself(calls []Call) {
	for _, call := range calls {
		delete(call.Keys, "aws:ViaAWSService")
		delete(call.Keys, "aws:CalledVia")
	}
}

// beside adds the calls for a dependent action on those resources of an operation's own calls that it can be about.
func (f *forwarder) beside(entry policy.ActionEntry, own []Call) {
	before := len(f.calls)
	for _, call := range own {
		arn, err := policy.ParseARN(strings.TrimSuffix(call.Resource, ":log-stream:"))
		if err != nil || f.useOf(entry, arn) == nil {
			continue
		}
		f.add(entry.Name, "", arn.String(), call.AnyResource, nil)
	}
	if len(f.calls) == before {
		f.dependent(entry)
	}
	askedOfItself(f.calls[before:])
}

// storage adds the calls for a dependent action of S3's, on the buckets that the request names or on any.
func (f *forwarder) storage(entry policy.ActionEntry) {
	if entry.WildcardOnly() {
		f.add(entry.Name, "service", "*", false, nil)
		return
	}
	object := slices.ContainsFunc(entry.ResourceTypes, func(use policy.ResourceUse) bool { return use.Type.Name == "object" })
	for _, bucket := range f.buckets() {
		if object {
			f.add(entry.Name, "object", objectARN(f.place.Partition, bucket, "*"), true, nil)
			continue
		}
		f.add(entry.Name, "bucket", bucketARN(f.place.Partition, bucket), bucket == "*", nil)
	}
}

// buckets are those that the request names; "*" where it names none.
func (f *forwarder) buckets() []string {
	var found []string
	for _, leaf := range f.leaves {
		text := leaf.text
		arn, err := policy.ParseARN(text)
		scheme, rest, url := strings.Cut(text, "://")
		switch {
		case err == nil && arn.Service == "s3" && arn.Account == "":
			text = arn.Resource
		case url && strings.EqualFold(scheme, "s3"):
			text = rest
		case err == nil || url || !isBucketMember(leaf.plain):
			continue
		}
		bucket, _, _ := strings.Cut(text, "/")
		if !bucketForm.MatchString(bucket) {
			return []string{"*"}
		}
		found = append(found, bucket)
	}
	if len(found) == 0 {
		return []string{"*"}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
