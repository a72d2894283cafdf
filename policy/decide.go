package policy

import "slices"

// Request is one question to the engine. Keys that AWS derives from the principal (aws:PrincipalArn,
// aws:PrincipalAccount, aws:userid, aws:username, aws:PrincipalType, …) are derived unless Context has them.
type Request struct {
	Principal Principal
	Action    string // service:Name
	Resource  string // an ARN, or "*" when WildcardOnly
	// WildcardOnly: the action has no resource-level permissions; only a literal "*" matches, and a NotResource that
	// lists no literal "*".
	WildcardOnly bool
	// ResourceAccount is the account that owns the resource. Empty: the one that the resource's ARN names, else the
	// principal's.
	ResourceAccount string
	Context         *Context // may be nil; not changed
}

// Policies are all the policies that apply to a request. Nil means that the kind does not apply; an empty but
// non-nil Boundary or Session allows nothing.
type Policies struct {
	Identity []*Policy // one union
	Boundary []*Policy // one union
	Session  []*Policy // one union
	Trust    *Policy   // the role's trust policy, for sts:AssumeRole*, sts:TagSession, sts:SetSourceIdentity
}

// layer is a kind of policy in a decision.
type layer uint8

const (
	layerIdentity layer = iota
	layerBoundary
	layerSession
	layerTrust
	layers
)

// String is what Reason.Layer says.
func (l layer) String() string {
	return [...]string{"identity", "boundary", "session", "trust"}[l]
}

// evaluation is a request, prepared for matching. It stays on the stack.
type evaluation struct {
	request     *Request
	action      action
	resource    resource
	bounded     bool // the caller has a permissions boundary
	anyResource bool // the index is to leave resources aside: an explanation wants to see what failed
}

func (e *evaluation) prepare(request *Request, bounded bool) {
	e.request, e.bounded, e.action = request, bounded, newAction(request.Action)
	if request.WildcardOnly {
		e.resource = resource{text: "*"}
	} else {
		e.resource = newResource(request.Resource)
	}
}

// Decide evaluates request under p (IAM User Guide, "Policy evaluation logic"). Nothing is cut short by a Deny: an
// explicit one in any policy wins, and every one that applies is reported. Else each kind of policy that has a say must allow; see
// required.
func (p Policies) Decide(request *Request) Decision {
	var e evaluation
	e.prepare(request, p.Boundary != nil)
	if e.alwaysAllowed() {
		return Decision{Effect: Allowed}
	}
	trust := [1]*Policy{p.Trust}
	all := [layers][]*Policy{layerIdentity: p.Identity, layerBoundary: p.Boundary, layerSession: p.Session}
	if p.Trust != nil {
		all[layerTrust] = trust[:]
	}
	if reasons, denied := e.denials(&all); denied != nil {
		return Decision{Effect: ExplicitlyDenied, reasons: reasons, denied: denied}
	}
	d := Decision{Effect: Allowed}
	var named grant
	d.allowed[layerTrust], named = e.allowing(all[layerTrust])
	required := e.required(p, named)
	missing := [layers]bool{layerTrust: required[layerTrust] && named == notNamed}
	for l := range layerTrust {
		if required[l] {
			d.allowed[l], _ = e.allowing(all[l])
			missing[l] = d.allowed[l] == nil
		}
	}
	if missing != [layers]bool{} {
		return Decision{Effect: ImplicitlyDenied, reasons: e.explain(&all, missing)}
	}
	return d
}

// alwaysAllowed: AWS documents that sts:GetCallerIdentity needs no permission, and that even a Deny does not stop it.
func (e *evaluation) alwaysAllowed() bool {
	return equalFold(e.action.text, "sts:getcalleridentity") && e.request.Principal.hasCredentials()
}

// required tells which kinds of policies must allow, given how the resource's policy names the caller.
//
//   - Callers without credentials of an account (web identities, services, anonymous ones) have no policies of their own:
//     only the resource's decides.
//   - Within one account the resource's policy is enough for a caller that it names itself, "*" included. To a role that it
//     names, boundary and session policies are still a limit. If it names the account, it only delegates.
//   - Across accounts both sides must allow.
//   - A role's trust policy must allow explicitly, in the same account as well. It is about actions of sts alone, and says
//     nothing about, say, iam:GetRole.
func (e *evaluation) required(p Policies, named grant) (must [layers]bool) {
	if !e.request.Principal.hasCredentials() {
		must[layerTrust] = true
		return must
	}
	across := e.acrossAccounts()
	must[layerTrust] = p.Trust != nil && equalFold(e.action.service, "sts") || across || e.assumesRole()
	if named == namedItself && !across {
		return must
	}
	must[layerIdentity] = named != namedRole || across
	must[layerBoundary] = p.Boundary != nil
	must[layerSession] = p.Session != nil
	return must
}

// assumesRole tells whether the action is one that a role's trust policy decides.
func (e *evaluation) assumesRole() bool {
	if !equalFold(e.action.service, "sts") {
		return false
	}
	switch {
	case hasPrefix(e.action.name, "assumerole", true):
		return true
	case equalFold(e.action.name, "tagsession"), equalFold(e.action.name, "setsourceidentity"):
		return e.resource.part(2) == "iam" && hasPrefix(e.resource.part(5), "role/", false)
	}
	return false
}

// acrossAccounts tells whether caller and resource belong to different accounts.
func (e *evaluation) acrossAccounts() bool {
	owner := e.knownResourceAccount()
	return owner != "" && owner != e.request.Principal.Account
}

// knownResourceAccount is the account that owns the resource, or "". The resources that AWS owns, such as its managed
// policies (arn:aws:iam::aws:policy/…), belong to no account and count as everybody's own.
func (e *evaluation) knownResourceAccount() string {
	if e.request.ResourceAccount != "" {
		return e.request.ResourceAccount
	}
	switch account := e.resource.part(4); {
	case isAccountID(account):
		return account
	case account == "" && e.resource.isARN:
		return e.request.Principal.Account
	}
	return ""
}

// denials are the Deny statements that apply, policy by policy, or nil.
func (e *evaluation) denials(all *[layers][]*Policy) (reasons []Reason, statements []*statement) {
	for l, policies := range all {
		for _, p := range policies {
			if denied := e.denying(p); denied != nil {
				for _, s := range denied {
					reasons, statements = append(reasons, s.reason(layer(l))), append(statements, s)
				}
			}
		}
	}
	return reasons, statements
}

// denying are the policy's Deny statements that apply, in the order of the document.
func (e *evaluation) denying(p *Policy) []*statement {
	if p.deny.empty {
		return nil
	}
	var denied []*statement
	p.deny.visit(e, func(s *statement) bool {
		if e.match(s) != notNamed {
			denied = append(denied, s)
		}
		return true
	})
	slices.SortFunc(denied, func(a, b *statement) int { return a.number - b.number })
	return slices.Compact(denied)
}

// allowing is the Allow statement that counts: the one that names the caller most strongly and, of those, the first. A
// caller's own policies name nobody, so the first that applies is the answer.
func (e *evaluation) allowing(policies []*Policy) (allowing *statement, named grant) {
	for _, p := range policies {
		p.allow.visit(e, func(s *statement) bool {
			if allowing != nil && named == namedItself && s.number >= allowing.number {
				return false
			}
			if strength := e.match(s); strength > named || strength != notNamed && strength == named && s.number < allowing.number {
				allowing, named = s, strength
			}
			return true
		})
		if allowing != nil {
			return allowing, named
		}
	}
	return nil, notNamed
}

// match tells whether s, whose Action the index has found, applies, and how it names the caller. A policy of the caller's
// own names it by belonging to it.
func (e *evaluation) match(s *statement) grant {
	if s.notActions && s.listsAction(e) || !s.matchResource(e) {
		return notNamed
	}
	named := namedItself
	if s.principals != nil {
		named = s.principals.match(e)
	}
	if named == notNamed {
		return notNamed
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e) {
			return notNamed
		}
	}
	return named
}

func (s *statement) listsAction(e *evaluation) bool {
	for i := range s.actions {
		if s.actions[i].match(&e.action) {
			return true
		}
	}
	return false
}

// matchResource is true of statements without the element: their resource is what has the policy.
func (s *statement) matchResource(e *evaluation) bool {
	for i := range s.resources {
		if s.resources[i].match(&e.resource, e) {
			return !s.notAny
		}
	}
	return s.notAny || len(s.resources) == 0
}
