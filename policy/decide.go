package policy

import (
	"math/bits"
	"slices"
)

// Request is one question to the engine. Keys that AWS derives from the principal (aws:PrincipalArn,
// aws:PrincipalAccount, aws:userid, aws:username, aws:PrincipalType, …) are derived unless Context has them.
type Request struct {
	Principal Principal
	Action    string // service:Name
	Resource  string // an ARN, or "*" when WildcardOnly
	// WildcardOnly: the action has no resource-level permissions; only a literal "*" matches, and a NotResource that
	// lists no literal "*".
	WildcardOnly bool
	// AnyResource: Resource is a pattern of ARNs with * and ?, and the request may be about any of them. An Allow applies only if one of its resources
	// is sure to match them all (NotResource: none), and a Deny if any may match one (NotResource: unless one is sure to match all). In the last part
	// of the pattern wildcards also stand for colons, in the parts before they do not. Account, if it has wildcards, is ResourceAccount's.
	AnyResource bool
	// ResourceAccount is the account that owns the resource. Empty: the one that the resource's ARN names, else the
	// principal's.
	ResourceAccount string
	Context         *Context // may be nil; not changed
}

// evaluation is a request, prepared for matching, with the policies that apply to it. It stays on the stack.
type evaluation struct {
	request    *Request
	levels     [organization][]Level // by layer
	unions     [layers][]*Policy     // by layer; those of an organization's are in levels
	action     action
	target     resource
	bounded    bool      // the caller has a permissions boundary
	explaining bool      // the index is to leave resources aside: an explanation wants to see what failed
	covered    *covering // not nil: the request may be about any of several resources
	left       work
	guess      *guess // not nil: some condition keys are not known
}

func (e *evaluation) prepare(p *Policies, request *Request) {
	e.request, e.bounded, e.left = request, p.Boundary != nil, MaxWork
	e.action.read(request.Action)
	if request.WildcardOnly {
		e.target.text = "*"
	} else {
		e.target.read(request.Resource)
		if request.AnyResource {
			e.covered = newCovering(request.Resource)
		}
	}
	e.unions[layerEndpoint], e.unions[layerIdentity], e.unions[layerBoundary], e.unions[layerSession] = p.Endpoint, p.Identity, p.Boundary, p.Session
	if p.Trust != nil {
		e.unions[layerTrust] = p.Trust.alone
	}
	if p.Resource != nil {
		e.unions[layerResource] = p.Resource.alone
	}
	if (p.SCP != nil || p.RCP != nil) && !request.Principal.isServiceLinked() {
		e.levels[layerRCP] = p.RCP
		if request.Principal.hasCredentials() {
			e.levels[layerSCP] = p.SCP
		}
	}
}

// Decide evaluates request under p (IAM User Guide, "Policy evaluation logic"). Nothing is cut short by a Deny: an
// explicit one in any policy wins, and every one that applies is reported. Else each kind of policy that has a say must allow; see
// required. Where they need more than MaxWork steps the decision is to deny, Undecided.
func (p Policies) Decide(request *Request) Decision { return p.decideAs(request, nil) }

func (p *Policies) decideAs(request *Request, as *guess) (d Decision) {
	e := evaluation{guess: as}
	e.prepare(p, request)
	e.decide(&d)
	if e.left < 0 {
		undecided := explanation{reasons: []Reason{{Policy: undecidedPolicy, Statement: -1}}, undecided: true}
		d = Decision{Effect: ImplicitlyDenied, why: &undecided}
	}
	if e.covered != nil {
		why := d.explanation()
		why.anyResource = true
		d.why = &why
	}
	return d
}

// decide fills d, which is empty.
func (e *evaluation) decide(d *Decision) {
	d.Effect = Allowed
	if e.alwaysAllowed() {
		return
	}
	if why := e.denials(); why != nil {
		d.Effect, d.why = ExplicitlyDenied, why
		return
	}
	var levels []*statement
	var missing []Reason
	if e.levels[layerSCP] != nil {
		levels, missing = e.allowingLevels()
	}
	side := e.resourceSide()
	granted, named := e.allowing(e.unions[side])
	d.allowed[side-organization] = granted
	required := e.required(side, named)
	for rest := required; rest != 0; rest &= rest - 1 {
		l := layer(bits.TrailingZeros8(uint8(rest)))
		allowed := &d.allowed[l-organization]
		if l != side {
			*allowed, _ = e.allowing(e.unions[l])
		}
		if *allowed == nil {
			missing = append(missing, e.explain(l, unionName(e.unions[l]), e.unions[l]))
		}
	}
	if required.has(layerIdentity) && d.allowed[layerIdentity-organization] == nil && granted == nil && !required.has(side) && e.unions[side] != nil {
		missing = append(missing, e.explain(side, unionName(e.unions[side]), e.unions[side])) // it would have been enough
	}
	switch {
	case missing != nil:
		*d = Decision{Effect: ImplicitlyDenied, why: &explanation{reasons: missing}}
	case levels != nil:
		d.why = &explanation{levels: levels}
	}
}

// allowingLevels has an Allow statement for each level of service control policies that allows, and a reason for each that does not.
func (e *evaluation) allowingLevels() (allowing []*statement, missing []Reason) {
	for i := range e.levels[layerSCP] {
		level := &e.levels[layerSCP][i]
		if s, _ := e.allowing(level.Policies); s != nil {
			allowing = append(allowing, s)
		} else {
			missing = append(missing, e.explain(layerSCP, level.Name, level.Policies))
		}
	}
	return allowing, missing
}

// alwaysAllowed: AWS documents that sts:GetCallerIdentity needs no permission, and that even a Deny does not stop it.
func (e *evaluation) alwaysAllowed() bool {
	return equalFold(e.action.text, "sts:getcalleridentity") && e.request.Principal.hasCredentials()
}

// required tells which kinds of policies must allow, given how the policy on the resource's side names the caller.
//
//   - An endpoint's policy must allow always, whoever grants; so must every level of service control policies, which Decide sees to.
//   - Resource control policies only deny: RCPFullAWSAccess, which allows everything, is attached to every level and cannot be detached (AWS
//     Organizations User Guide, "RCP syntax").
//   - Callers without credentials of an account (web identities, services, anonymous ones) have no policies of their own:
//     only the resource's decides.
//   - Within one account the resource's policy is enough for a caller that it names itself, "*" included. To a role that it
//     names, boundary and session policies are still a limit. If it names the account, it only delegates.
//   - Across accounts both sides must allow.
//   - A role's trust policy and a KMS key's policy must allow explicitly, in the same account as well.
//   - A federated user has no permissions but those of session policies, besides what a resource's policy gives it by its own
//     name (STS API Reference, "GetFederationToken"). "*" names it as it names its user, whom session policies limit ("Session policies").
func (e *evaluation) required(side layer, named grant) layerSet {
	must := layerSet(0).with(layerEndpoint, e.unions[layerEndpoint] != nil)
	if !e.request.Principal.hasCredentials() {
		return must.with(side, true)
	}
	across, federated := e.acrossAccounts(), e.request.Principal.Type == FederatedUser
	must = must.with(side, side == layerTrust || across || e.isKMSKey())
	alone := side != layerTrust || e.covered == nil // not all of several resources may be roles
	if alone && !across && (named == namedItself || named == namedAmongAll && !federated) {
		return must
	}
	return must.with(layerIdentity, named < namedRole || across).with(layerBoundary, e.bounded).
		with(layerSession, e.unions[layerSession] != nil || federated)
}

// resourceSide is the layer of the policy that the resource has: a role's trust policy, which is about actions of sts alone and says nothing about,
// say, iam:GetRole; else the resource's own.
func (e *evaluation) resourceSide() layer {
	if e.assumesRole() || e.unions[layerTrust] != nil && equalFold(e.action.service, "sts") {
		return layerTrust
	}
	return layerResource
}

// isKMSKey tells whether the request is about a KMS key. Unless its policy says so, nobody may use a key, the account's administrators included (AWS
// KMS Developer Guide, "Key policies in AWS KMS").
func (e *evaluation) isKMSKey() bool {
	if e.covered != nil {
		return equalFold(e.action.service, "kms") && e.covered.mayBegin("kms", "key/")
	}
	return equalFold(e.action.service, "kms") && e.target.part(2) == "kms" && hasPrefix(e.target.part(5), "key/", false)
}

// assumesRole tells whether the action is one that a role's trust policy decides.
func (e *evaluation) assumesRole() bool {
	if !equalFold(e.action.service, "sts") {
		return false
	}
	switch {
	case hasPrefix(e.action.name, "assumerole", true):
		return true
	case equalFold(e.action.name, "tagsession"), equalFold(e.action.name, "setsourceidentity"), equalFold(e.action.name, "setcontext"):
		if e.covered != nil {
			return e.covered.mayBegin("iam", "role/")
		}
		return e.target.part(2) == "iam" && hasPrefix(e.target.part(5), "role/", false)
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
	switch account := e.target.part(4); {
	case IsAccountID(account):
		return account
	case account == "" && e.target.isARN:
		return e.request.Principal.Account
	}
	return ""
}

// denials are the Deny statements that apply, policy by policy, or nil.
func (e *evaluation) denials() (why *explanation) {
	for l := range e.levels {
		for i := range e.levels[l] {
			for _, p := range e.levels[l][i].Policies {
				why = e.addDenials(why, layer(l), p)
			}
		}
	}
	for l := organization; l < layers; l++ {
		for _, p := range e.unions[l] {
			if !p.deny.empty {
				why = e.addDenials(why, l, p)
			}
		}
	}
	return why
}

func (e *evaluation) addDenials(why *explanation, l layer, p *Policy) *explanation {
	for _, s := range e.denying(p) {
		if why == nil {
			why = &explanation{}
		}
		why.reasons, why.denied = append(why.reasons, s.reason(l)), append(why.denied, s)
	}
	return why
}

// denying are the policy's Deny statements that apply, in the order of the document.
func (e *evaluation) denying(p *Policy) []*statement {
	return e.applying(&p.deny)
}

// applying are the statements of an index that apply, in the order of the document.
func (e *evaluation) applying(x *index) []*statement {
	var applied []*statement
	x.visit(e, func(s *statement) bool {
		if e.match(s) != notNamed {
			applied = append(applied, s)
		}
		return true
	})
	slices.SortFunc(applied, func(a, b *statement) int { return a.number - b.number })
	return slices.Compact(applied)
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
	if e.left < 0 {
		return notNamed
	}
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
		if !s.holds(&s.conditions[i], e) {
			return notNamed
		}
	}
	return named
}

func (s *statement) listsAction(e *evaluation) bool {
	for i := range s.actions {
		if s.actions[i].match(&e.action, &e.left) {
			return true
		}
	}
	return false
}

// matchResource is true of statements without the element: their resource is what has the policy.
func (s *statement) matchResource(e *evaluation) bool {
	if e.covered != nil {
		return s.matchCovering(e)
	}
	for i := range s.resources {
		if s.resources[i].match(&e.target, e) {
			return !s.notAny
		}
	}
	return s.notAny || len(s.resources) == 0
}
