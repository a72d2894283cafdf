package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// authorize decides every call of the operation. An operation without calls is denied: it would not have been decided.
func (x *serviceExchange) authorize() error {
	if len(x.operation.Calls) == 0 {
		return refusal("AccessDenied", "What "+x.operation.Name+" needs to be allowed is not known.")
	}
	for _, call := range x.operation.Calls {
		if err := x.decide(call); err != nil {
			return err
		}
	}
	return nil
}

// decide allows one call or returns the refusal. One that may be about any of several resources must be allowed on each of those that are known as well:
// what is known of them would else count only where a request names them.
func (x *serviceExchange) decide(call awsmodel.Call) error {
	if err := x.decideOne(call); err != nil || !call.AnyResource || call.RoleName != "" || call.InstanceProfile != "" {
		return err
	}
	known, err := x.knownOf(call.Resource)
	if err != nil {
		return err
	}
	if x.seen += len(known); x.seen > maxSeen {
		return errTooManyKnown
	}
	for _, arn := range known {
		one := call
		one.Resource, one.AnyResource = arn, false
		counts, err := x.counts(one)
		if err != nil {
			return err
		}
		if !counts {
			continue
		}
		if x.decided++; x.decided > maxKnown {
			return errTooManyKnown
		}
		if err := x.decideOne(one); err != nil {
			return err
		}
	}
	return nil
}

// One request is decided on at most maxKnown known resources beside those that it names, of maxSeen that its calls may be about. All that are known are
// looked through for each pattern, also of a caller who may do nothing: no request of AWS's names so many by half (BatchGetSecretValue 20).
const (
	maxKnown    = 10_000
	maxSeen     = 1_000_000
	maxPatterns = 200
)

var errTooManyKnown = refusal("AccessDenied", "The request may be about more resources than can be decided on.")

// knownOf are the known resources that match a pattern.
func (x *serviceExchange) knownOf(pattern string) ([]string, error) {
	if found, ok := x.matching[pattern]; ok {
		return found, nil
	}
	if len(x.matching) == maxPatterns {
		return nil, errTooManyKnown
	}
	found, err := x.c.Attributes.Matching(x.r.Context(), x.accountOf(pattern), pattern)
	if err != nil {
		return nil, fmt.Errorf("finding the resources that a request may be about: %w", err)
	}
	if x.matching == nil {
		x.matching = map[string][]string{}
	}
	x.matching[pattern] = found
	return found, nil
}

// counts tells whether what is known of a resource may change the decision about a call: some policy asks for it. A resource whose tags are not
// those that the call says of all it is about is none of them.
func (x *serviceExchange) counts(call awsmodel.Call) (bool, error) {
	keys, tags, err := x.known(call.Resource)
	if err != nil {
		return false, err
	}
	counts := false
	for name := range keys {
		counts = counts || asksFor(x.caller.Policies, name)
	}
	for key, value := range tags {
		if said := call.Keys["aws:ResourceTag/"+key]; len(said) > 0 && !slices.Contains(said, value) {
			return false, nil
		}
		for _, prefix := range call.TagKeys {
			counts = counts || asksFor(x.caller.Policies, prefix+key)
		}
	}
	if counts || len(keys)+len(tags) == 0 {
		return counts, nil
	}
	own, err := x.c.Directory.ResourcePolicy(x.r.Context(), x.accountOf(call.Resource), call.Resource)
	return own != nil, err
}

// decideOne decides a call as it is. The event has the decision about the first call, or about the one that is denied.
func (x *serviceExchange) decideOne(call awsmodel.Call) error {
	access, err := x.accessOf(call)
	if err != nil {
		return err
	}
	decision, err := x.c.Directory.Decide(x.r.Context(), x.caller, access)
	if err != nil {
		return err
	}
	if len(x.allowed) == 0 || !decision.Allowed() {
		x.event.Action, x.event.Resource, x.event.Decision = access.Action, access.Resource, &decision
	}
	if !decision.Allowed() {
		x.event.Context = x.caller.ConditionKeys(access.Keys, access.ListKeys...)
		shown := access.Resource
		if call.WildcardOnly && x.shape.protocol == awsmodel.EC2 { // other services write "on resource: *"
			shown = ""
		}
		return iam.Denied(x.caller, call.Action, shown, decision)
	}
	x.allowed = append(x.allowed, decision)
	return nil
}

// accessOf is a call as the directory decides it, with the condition keys that the request gives and those of the resource.
func (x *serviceExchange) accessOf(call awsmodel.Call) (iam.Access, error) {
	access := iam.Access{Action: call.Action, Resource: call.Resource, WildcardOnly: call.WildcardOnly, AnyResource: call.AnyResource}
	access.Keys = map[string][]string{}
	maps.Copy(access.Keys, call.Keys)
	if err := x.describe(call, &access); err != nil {
		return access, err
	}
	access.ListKeys = x.listKeys(access.Keys)
	account, holder := cmp.Or(access.Account, x.accountOf(access.Resource)), cmp.Or(access.Holder, access.Resource)
	return access, x.checkKeys(x.r.Context(), x.caller, account, holder, access.Keys)
}

// describe completes access by what is known of the call's resource.
func (x *serviceExchange) describe(call awsmodel.Call, access *iam.Access) error {
	switch {
	case call.WildcardOnly:
		access.Resource = "*"
		return nil
	case call.InstanceProfile != "" || call.RoleName != "":
		return x.findRole(call, access)
	}
	if account := namedAccount(call.Resource); account != "" {
		access.Keys["aws:ResourceAccount"] = []string{account}
	}
	if call.Bucket != "" && x.s3 != nil { // its ARN does not say whose it is
		if owner, found := x.s3.owner(call.Bucket); found {
			access.Account, access.Holder = owner, "arn:"+x.c.Partition+":s3:::"+call.Bucket
			access.Keys["aws:ResourceAccount"] = []string{owner}
		}
	}
	if call.AnyResource {
		return nil
	}
	return x.addAttributes(call, access.Keys)
}

// addAttributes adds the condition keys of a call's resource: its tags under the names that its service has for them, and others unless the request
// itself gives them.
func (x *serviceExchange) addAttributes(call awsmodel.Call, keys map[string][]string) error {
	attributes, tags, err := x.known(recordOf(call.Resource))
	if err != nil {
		return err
	}
	for name, values := range attributes {
		given := func(key string) bool { return strings.EqualFold(key, name) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(call.Keys)), given) {
			keys[name] = values
		}
	}
	for key, value := range tags {
		for _, prefix := range call.TagKeys {
			keys[prefix+key] = []string{value}
		}
	}
	return nil
}

// known are the condition keys and the tags of a resource.
func (x *serviceExchange) known(arn string) (keys map[string][]string, tags map[string]string, err error) {
	ctx, account := x.r.Context(), x.accountOf(arn)
	if keys, err = x.c.Attributes.Keys(ctx, account, arn); err != nil {
		return nil, nil, fmt.Errorf("reading the condition keys of a resource: %w", err)
	}
	if tags, err = x.c.Attributes.Tags(ctx, account, arn); err != nil {
		return nil, nil, fmt.Errorf("reading the tags of a resource: %w", err)
	}
	return keys, tags, nil
}

// listKeys are those of a call's condition keys that are multivalued.
func (g *Gateway) listKeys(keys map[string][]string) []string {
	if g.c.Classifier == nil {
		return nil
	}
	var lists []string
	for name := range keys {
		if g.c.Classifier.Multivalued(name) {
			lists = append(lists, name)
		}
	}
	return lists
}

// findRole puts the role that a request passes by a name in the place of the pattern of every role. Of one that the directory does not know, the
// pattern stays: whoever may pass any role may pass it.
func (x *serviceExchange) findRole(call awsmodel.Call, access *iam.Access) error {
	find, name := x.c.Roles.PassedRole, call.RoleName
	if call.InstanceProfile != "" {
		find, name = x.c.Roles.ProfileRole, call.InstanceProfile
	}
	role, known, err := find(x.r.Context(), x.caller.Principal.Account, name)
	if err != nil || !known {
		return err
	}
	access.Resource, access.AnyResource = role.ARN, false
	maps.Copy(access.Keys, role.Keys)
	return nil
}

// namedAccount is the account in an ARN; "" where it has none.
func namedAccount(resource string) string {
	arn, err := policy.ParseARN(resource)
	if err != nil || !policy.IsAccountID(arn.Account) {
		return ""
	}
	return arn.Account
}

// misunderstood translates a classification's error. A request of which it is not known what it needs to be allowed is denied, not malformed.
func (x *serviceExchange) misunderstood(err error) error {
	e, ok := errors.AsType[*awsmodel.Error](err)
	if !ok {
		return err
	}
	switch e.Kind {
	case awsmodel.UnknownOperation:
		return refusal("InvalidAction", e.Message)
	case awsmodel.UnknownParameter:
		return refusal("UnknownParameter", e.Message)
	case awsmodel.MissingParameter:
		return refusal("MissingParameter", e.Message)
	case awsmodel.Undecidable:
		x.event.Explanation = "what the request needs to be allowed is not known: " + e.Message
		return refusal("AccessDenied", e.Message)
	}
	return refusal("MalformedQueryString", e.Message)
}

// notServed answers an authorized request that nobody serves, with the statements that allowed it.
func (x *serviceExchange) notServed(why string) error {
	const most = 8
	var statements []string
	for _, decision := range x.allowed {
		for _, reason := range decision.Reasons() {
			text := statementName(reason)
			if !slices.Contains(statements, text) {
				statements = append(statements, text)
			}
		}
	}
	if len(statements) > most {
		statements = append(statements[:most], "others")
	}
	x.event.Explanation = why
	return refusal("NotImplemented", "The request is allowed by "+strings.Join(statements, ", ")+"; "+why+".")
}

// statementName names a statement as a person finds it.
func statementName(r policy.Reason) string {
	if r.Statement < 0 {
		return r.Policy
	}
	text := fmt.Sprintf("statement %d of %s", r.Statement, r.Policy)
	if r.SID != "" {
		text = fmt.Sprintf("statement %d (%s) of %s", r.Statement, r.SID, r.Policy)
	}
	return text
}
