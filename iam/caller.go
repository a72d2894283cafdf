package iam

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// Caller is who asks, and what they may do; every method that a request reaches takes one. The directory decides by it and records it.
type Caller struct {
	Principal   policy.Principal
	AccessKeyID string
	Policies    policy.Policies // Identity, Boundary, Session
	Context     *policy.Context // condition keys of this request (aws:SourceIp, aws:CurrentTime, aws:PrincipalTag/…, …); may be nil
	Origin      trail.Origin
	// Issued and Expires of a session; zero for long-term keys.
	Issued, Expires time.Time
	// SessionTags, TransitiveTags, SourceIdentity and ChainDepth of a session, for role chaining.
	SessionTags    map[string]string
	TransitiveTags []string
	SourceIdentity string
	ChainDepth     int // 0: not a role session; 1: from AssumeRoleWithWebIdentity or from a user; 2…: chained
	// Encoder seals what the events of denials to this caller keep for sts:DecodeAuthorizationMessage; nil: they keep nothing.
	Encoder trail.AuthorizationEncoder
}

// Event is the beginning of the trail event for a call of this caller: origin, identity and account. Source is the service as CloudTrail
// spells it ("iam.amazonaws.com"), name the operation.
func (c Caller) Event(source, name string) trail.Event {
	identity := trail.Identity{
		Type: "Unknown", PrincipalID: c.Principal.ID, ARN: c.Principal.ARN, AccountID: c.Principal.Account, AccessKeyID: c.AccessKeyID,
	}
	switch c.Principal.Type {
	case policy.Root:
		identity.Type = "Root"
	case policy.User:
		identity.Type, identity.UserName = "IAMUser", c.Principal.ARN[strings.LastIndexByte(c.Principal.ARN, '/')+1:]
	case policy.AssumedRole:
		identity.Type = "AssumedRole"
		identity.PrincipalID += ":" + c.Principal.Session
	case policy.FederatedUser:
		identity.Type = "FederatedUser"
		identity.PrincipalID += ":" + c.Principal.Session
	case policy.WebIdentity:
		identity.Type = "WebIdentityUser"
	case policy.Anonymous:
		identity.Type, identity.AccountID = "AWSAccount", anonymousAccount
	}
	return trail.Event{
		Source: source, Name: name, Category: trail.Management, Account: c.Principal.Account, UserIdentity: identity,
		Region: c.Origin.Region, SourceIP: c.Origin.SourceIP, UserAgent: c.Origin.UserAgent, RequestID: c.Origin.RequestID, Time: c.Origin.Time,
		Encoder: c.Encoder, Context: c.Context,
	}
}

// Root is an account's root as a caller: it may do everything in its account. AccessKeyID, Context and Origin are for the door to add.
func Root(partition, account string) Caller {
	return Caller{
		Principal: policy.Principal{Type: policy.Root, ARN: "arn:" + partition + ":iam::" + account + ":root", Account: account, ID: account},
		Policies:  policy.Policies{Identity: []*policy.Policy{RootPolicy()}},
	}
}

// anonymousAccount stands for the account of a caller who has none (AWS CloudTrail User Guide, "CloudTrail userIdentity element").
const anonymousAccount = "ANONYMOUS_PRINCIPAL"

// Anonymous is a caller who signed nothing. Only the policy of a resource can allow it something. Context is for the authenticator to add.
func Anonymous(origin trail.Origin) Caller {
	return Caller{Principal: policy.Principal{Type: policy.Anonymous}, Origin: origin}
}

// RootPolicy is what an account's root may do: everything. No document grants it on AWS; here one does, so that a root's decision has a
// reason like any other.
func RootPolicy() *policy.Policy { return rootPolicy() }

var rootPolicy = sync.OnceValue(func() *policy.Policy {
	const source = `{"Version": "2012-10-17", "Statement": [{"Sid": "Root", "Effect": "Allow", "Action": "*", "Resource": "*"}]}`
	p, err := compileNow("the account's root", source, policy.Options{Kind: policy.Identity})
	if err != nil {
		panic(err) // the constant above is wrong
	}
	return p
})

// Access is one action on one resource, as it is to be decided.
type Access struct {
	Action   string // service:Name
	Resource string // an ARN; "*" where WildcardOnly
	// WildcardOnly: the action has no resource-level permissions; only a literal "*" grants it.
	WildcardOnly bool
	// AnyResource: Resource is a pattern, and the request may be about any ARN that it matches (see policy.Request).
	AnyResource bool
	// Account that owns the resource; empty: the one that its ARN names, else the caller's own.
	Account string
	// Holder is the ARN of what has the policy of the resource: a bucket, where the resource is an object of it. Empty: the resource itself.
	Holder string
	// Policy of the resource. Directory.Decide finds it by itself.
	Policy *policy.Policy
	// Keys are condition keys of this call beside the caller's own.
	Keys map[string][]string
	// ListKeys are those of Keys that are multivalued whatever they hold, named as there. aws:TagKeys and what has several values is so without being named.
	ListKeys []string
}

// Decide decides access for the caller by the caller's policies and access.Policy, without recording: for doors and services that record themselves.
func (c Caller) Decide(access Access) policy.Decision {
	policies := c.Policies
	policies.Resource = access.Policy
	return policies.Decide(&policy.Request{
		Principal: c.Principal, Action: access.Action, Resource: access.Resource, WildcardOnly: access.WildcardOnly, AnyResource: access.AnyResource,
		ResourceAccount: access.Account, Context: c.ConditionKeys(access.Keys, access.ListKeys...),
	})
}

// Authorize decides action on a resource that has no policy of its own. Extra are condition keys of this call beside caller.Context. Resource "*" stands
// for an action without resource-level permissions.
func Authorize(caller Caller, action, resource string, extra map[string][]string) policy.Decision {
	return caller.Decide(Access{Action: action, Resource: resource, WildcardOnly: resource == "*", Keys: extra})
}

// ConditionKeys are the caller's and those of one call: what Authorize decides by. Lists are those of extra that are multivalued, as Access.ListKeys.
// Whether a key is single-valued or multivalued follows from the key and not from how many values a request has for it (IAM User Guide,
// "Single-valued vs. multivalued context keys"). The result shares the caller's Context; neither may be changed any more.
func (c Caller) ConditionKeys(extra map[string][]string, lists ...string) *policy.Context {
	if len(extra) == 0 {
		return c.Context
	}
	keys := c.Context.Extend(len(extra))
	for name, values := range extra {
		if len(values) == 1 && !strings.EqualFold(name, "aws:TagKeys") && !slices.Contains(lists, name) {
			keys.Set(name, values[0])
		} else {
			keys.SetList(name, values...)
		}
	}
	return keys
}
