package iam

import (
	"time"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// Caller is who asks, and what they may do; every method that a request reaches takes one. The directory decides by it and records it.
type Caller struct {
	Principal   policy.Principal
	AccessKeyID string
	Policies    policy.Policies // Identity, Boundary, Session
	Context     *policy.Context // condition keys of this request (aws:SourceIp, aws:CurrentTime, aws:PrincipalTag/…, …)
	Origin      trail.Origin
	// Issued and Expires of a session; zero for long-term keys.
	Issued, Expires time.Time
	// Tags and so on of a session, for role chaining.
	SessionTags    map[string]string
	TransitiveTags []string
	SourceIdentity string
	ChainDepth     int // 0: not a role session; 1: from AssumeRoleWithWebIdentity or from a user; 2…: chained
}

// Event is the beginning of a trail event for a call of this caller: origin, identity, account; source is e.g.
// "iam.amazonaws.com", name the operation.
func (c Caller) Event(source, name string) trail.Event { return trail.Event{} }

// Root is the caller that an account's root is: it may do everything in its account. Origin and Context are for the door to add.
func Root(partition, account string) Caller { return Caller{} }

// RootPolicy is what an account's root may do: everything.
func RootPolicy() *policy.Policy { return nil }

// Authorize decides action on resource for caller, without recording: for doors and services that record themselves.
// extra are condition keys of this call beside caller.Context. Resource "*" stands for an action without resource-level permissions.
func Authorize(caller Caller, action, resource string, extra map[string][]string) policy.Decision {
	return policy.Decision{}
}
