package iam

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// The types of policies in answers, which are not those of the service model's enumeration (AWS's answers as recorded in 2026).
var sourceTypes = map[string]string{
	"identity": "IAM Policy", "boundary": "Permissions Boundary Policy", "resource": "Resource Policy", "trust": "Resource Policy",
}

// simulation is one call of a simulator, being put together and decided. The first thing that is wrong with it stays in err.
type simulation struct {
	in        SimulationInput
	actions   Actions // may be nil
	account   *Account
	principal policy.Principal
	policies  policy.Policies // but for SCP
	delegated policy.Policies // Resource and Trust, for resources whose policy is not given
	levels    []policy.Level
	sources   map[*policy.Policy]*simulatedPolicy
	keys      []string // that the policies ask for, each once
	asked     map[string]bool
	size      int // of all documents, in bytes
	resources []string
	context   *policy.Context
	missing   []string
	given     bool // there is a ResourcePolicy
	err       error
}

func newSimulation(actions Actions, a *Account, in SimulationInput) *simulation {
	s := &simulation{
		in: in, actions: actions, account: a, sources: map[*policy.Policy]*simulatedPolicy{}, asked: map[string]bool{},
		resources: in.ResourceARNs,
		policies:  policy.Policies{Identity: []*policy.Policy{}}, context: simulatedContext(in.ContextEntries),
	}
	if len(s.resources) == 0 {
		s.resources = []string{"*"}
	}
	return s
}

// named tells whether the simulation names resources.
func (s *simulation) named() bool { return len(s.resources) > 1 || s.resources[0] != "*" }

func (s *simulation) refuse(err error) {
	if s.err == nil {
		s.err = err
	}
}

// parse reads a policy of the call's; complaint is what the caller is told when it means nothing.
func (s *simulation) parse(kind policy.Kind, id, source, complaint string) *policy.Policy {
	document, err := parseDocument(kind, source)
	if err != nil {
		s.refuse(&Error{Code: "InvalidInput", Message: complaint, Err: err})
		return nil
	}
	p, err := policy.Compile(id, document, policy.Options{Kind: kind})
	if err != nil {
		s.refuse(&Error{Code: "InvalidInput", Message: complaint, Err: err})
		return nil
	}
	s.note(p, id, source, document)
	return p
}

// note remembers what an answer tells of a policy.
func (s *simulation) note(p *policy.Policy, id, source string, document *policy.Document) {
	if s.sources[p] != nil {
		return
	}
	noted := &simulatedPolicy{id: id, document: source, told: map[int]MatchedStatement{}}
	noted.lines, noted.inner = lay(source)
	s.sources[p] = noted
	s.size += len(source)
	for _, key := range document.ContextKeys() {
		if !s.asked[key] {
			s.asked[key] = true
			s.keys = append(s.keys, key)
		}
	}
}

func (s *simulation) addInputs(documents []string) {
	for i, source := range documents {
		p := s.parse(policy.Identity, fmt.Sprintf("PolicyInputList.%d", i+1), source, fmt.Sprintf("Policy input list item %d has invalid content", i+1))
		s.policies.Identity = append(s.policies.Identity, p)
	}
	for i, source := range s.in.PermissionsBoundaryPolicyInputList {
		id := fmt.Sprintf("PermissionsBoundaryPolicyInputList.%d", i+1)
		p := s.parse(policy.Identity, id, source, fmt.Sprintf("Permissions boundary policy input list item %d has invalid content", i+1))
		s.policies.Boundary = []*policy.Policy{p} // in place of the one that is attached (IAM API reference, SimulatePrincipalPolicy)
	}
}

// addLevels adds the policies of an organization, which AWS's answers do not name.
func (s *simulation) addLevels(levels [][]string) {
	for i, documents := range levels {
		level := policy.Level{Name: fmt.Sprintf("OrderedOrganizationPolicyInputList.%d", i+1)}
		for j, source := range documents {
			document, err := parseDocument(policy.SCP, source)
			var p *policy.Policy
			if err == nil {
				p, err = policy.Compile(fmt.Sprintf("%s.%d", level.Name, j+1), document, policy.Options{Kind: policy.SCP})
			}
			if err != nil {
				s.refuse(&Error{Code: "InvalidInput", Message: fmt.Sprintf("Organization policy at index %d has invalid content", i+1), Err: err})
				return
			}
			level.Policies = append(level.Policies, p)
			s.size += len(source)
		}
		s.levels = append(s.levels, level)
	}
}

// addSource adds the policies of a user, group or role, a user's groups' too, and its boundary.
func (s *simulation) addSource(source *identityEntry) {
	owners := []*identityEntry{source}
	if user, ok := s.account.userIDs[source.identity.ID]; ok {
		for _, id := range user.user.GroupIDs {
			if group, ok := s.account.groupIDs[id]; ok {
				owners = append(owners, &group.identityEntry)
			}
		}
	}
	for _, owner := range owners {
		word := strings.Split(owner.identity.ARN, ":")[5]
		word, _, _ = strings.Cut(word, "/")
		for _, name := range slices.Sorted(maps.Keys(owner.inline)) {
			s.addKept(word+"_"+owner.identity.Name+"_"+name, owner.identity.Inline[name], owner.inline[name], &s.policies.Identity)
		}
		for _, arn := range owner.identity.Attached {
			s.addManaged(arn, &s.policies.Identity)
		}
	}
	if arn := source.identity.BoundaryARN; arn != "" && len(s.in.PermissionsBoundaryPolicyInputList) == 0 {
		s.addManaged(arn, &s.policies.Boundary)
	}
}

func (s *simulation) addManaged(arn string, to *[]*policy.Policy) {
	entry, err := s.account.policy(arn)
	if err != nil {
		s.refuse(failure(fmt.Errorf("simulating %s: %w", arn, err)))
		return
	}
	s.addKept(entry.policy.Name, entry.defaultDocument(), entry.program, to)
}

// addKept adds a policy that the directory keeps. One that is reached twice, as by a user and a group, counts once.
func (s *simulation) addKept(id, source string, compiled program, to *[]*policy.Policy) {
	p, err := compiled()
	document, parseErr := policy.Parse([]byte(source))
	if err != nil || parseErr != nil {
		s.refuse(failure(fmt.Errorf("simulating %s: %w", id, errors.Join(err, parseErr))))
		return
	}
	if !slices.Contains(*to, p) {
		*to = append(*to, p)
	}
	s.note(p, id, source, document)
}

// setCaller makes the simulated principal. A caller who is not named is somebody of the account; a group, which never calls, is simulated as a user
// without a name.
func (s *simulation) setCaller(arn string) {
	s.principal = policy.Principal{Type: policy.User, Account: s.account.id}
	if arn == "" {
		return
	}
	n, account, ok := sourceOf(arn)
	if !ok {
		s.refuse(refusef("InvalidInput", "Invalid caller - Caller must be an IAM user, role or group in this context."))
		return
	}
	s.principal.ARN, s.principal.Account = arn, account
	if entry, err := s.account.identity(n); err == nil && entry.identity.ARN == arn {
		s.principal.ID = entry.identity.ID
	}
	switch n.Kind {
	case RoleKind:
		s.principal.Type, s.principal.RoleARN = policy.Role, arn
	case GroupKind:
		if !entered(s.in.ContextEntries, "aws:username") {
			s.context.SetList("aws:username")
		}
	}
}

// check completes the simulation and refuses what cannot be simulated. The sentences are AWS's as recorded in 2026.
func (s *simulation) check(name string) {
	for _, resource := range s.resources {
		if _, err := policy.ParseARN(resource); err != nil && s.named() {
			s.refuse(refusef("InvalidInput", "ResourceNames are not in a valid ARN format: %s.", shorten(resource)))
		}
	}
	for _, action := range s.in.ActionNames {
		if !strings.Contains(action, ":") {
			s.refuse(refusef("InvalidInput", "The action is invalid since it is missing names"))
		}
		// That the resources of a scenario are all there is not asked for, whatever the API reference says.
		if s.in.ResourceHandlingOption != "" && s.named() && !handles(action, s.in.ResourceHandlingOption) {
			s.refuse(refusef("InvalidInput", "Invalid input resource handling options. Action does not support resource handling options: %s. "+
				"Please refer to the documentation for more details: https://docs.aws.amazon.com/IAM/latest/APIReference/API_%s.html", shorten(action), name))
		}
	}
	if owner, err := policy.ParseARN(s.in.ResourceOwner); s.in.ResourceOwner != "" && (err != nil || owner.Service != "iam" || !policy.IsAccountID(owner.Account)) {
		s.refuse(refusef("InvalidInput", "'%s' is not a valid as a Resource Owner.", shorten(s.in.ResourceOwner)))
	}
	if s.err == nil {
		s.setResourcePolicy()
	}
	for _, key := range s.keys {
		// Keys that follow from the caller are told too: it may be another value of them that the policies ask for.
		if !entered(s.in.ContextEntries, key) {
			s.missing = append(s.missing, key)
		}
	}
}

// handles tells whether the option is one of the scenarios that AWS has for the action (IAM API reference, SimulateCustomPolicy).
func handles(action, option string) bool {
	return strings.EqualFold(action, "ec2:RunInstances") &&
		slices.Contains([]string{"EC2-VPC-InstanceStore", "EC2-VPC-InstanceStore-Subnet", "EC2-VPC-EBS", "EC2-VPC-EBS-Subnet"}, option)
}

func entered(entries []ContextEntry, key string) bool {
	return slices.ContainsFunc(entries, func(e ContextEntry) bool { return strings.EqualFold(e.ContextKeyName, key) })
}

// setResourcePolicy reads the policy of the resources. One whose statements have no Resource is a role's trust policy.
//
// Of resources whose policy is not given the simulator does not ask. Roles and keys, which nobody reaches unless their policy allows it, then count
// as delegating to the account, as the policies do that they are made with: what the caller's own policies say decides.
func (s *simulation) setResourcePolicy() {
	s.delegated.Resource, s.delegated.Trust = delegation(s.principal.Account)
	s.policies.Resource, s.policies.Trust = s.delegated.Resource, s.delegated.Trust
	source := s.in.ResourcePolicy
	if source == "" {
		return
	}
	switch {
	case s.principal.ARN == "":
		s.refuse(refusef("InvalidInput", "Invalid caller - Caller cannot be null or empty."))
		return
	case !s.named():
		s.refuse(refusef("InvalidInput", "Invalid Entity Arn: * does not clearly define entity type and name."))
		return
	}
	s.given = true
	kind := policy.Resource
	if document, err := policy.Parse([]byte(source)); err == nil {
		trust := document.Len() > 0
		for i := range document.Len() {
			resource := document.Statement(i).Resource
			if slices.ContainsFunc(resource.Values, func(t policy.Text) bool { return t.Value == "*" }) {
				s.refuse(refusef("InvalidInput", "ResourceNames are not in a valid ARN format: *."))
			}
			trust = trust && resource.Name == ""
		}
		if trust {
			kind = policy.Trust
		}
	}
	p := s.parse(kind, "ResourcePolicy", source, "Resource policy has invalid content")
	if kind == policy.Trust {
		s.policies.Trust = p
	} else {
		s.policies.Resource = p
	}
}

// delegation are the policies of resources, and of roles, that leave everything to the account's own policies.
func delegation(account string) (resource, trust *policy.Policy) {
	const statement = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "%s"}, %s}}`
	compile := func(kind policy.Kind, elements string) *policy.Policy {
		p, err := compileNow("delegation", fmt.Sprintf(statement, account, elements), policy.Options{Kind: kind})
		if err != nil {
			panic(err) // a constant and twelve digits
		}
		return p
	}
	return compile(policy.Resource, `"Action": "*", "Resource": "*"`),
		compile(policy.Trust, `"Action": ["sts:AssumeRole*", "sts:TagSession", "sts:SetSourceIdentity"]`)
}

// decide is the verdict on one action and one resource.
func (s *simulation) decide(action, resource string) Verdict {
	v := Verdict{Resource: resource}
	owner := s.owner(resource)
	request := &policy.Request{
		Principal: s.principal, Action: action, Resource: resource, WildcardOnly: resource == "*", ResourceAccount: owner, Context: s.context,
	}
	if s.levels != nil {
		granted := policy.Policies{Identity: []*policy.Policy{RootPolicy()}, SCP: s.levels, Resource: s.delegated.Resource, Trust: s.delegated.Trust}
		decision := granted.Decide(request)
		s.bounded(!decision.Undecided())
		v.Effect, v.AllowedByOrganizations = decision.Effect, new(decision.Allowed())
		if !decision.Allowed() { // the simulation ends there (IAM API reference, EvaluationResult)
			return v
		}
	}
	var applied []policy.Applied
	v.Effect = policy.ImplicitlyDenied
	if s.fits(action, resource) {
		var complete bool
		applied, complete = s.policies.Applying(request)
		decision := s.policies.Decide(request)
		v.Effect = decision.Effect
		s.bounded(complete && !decision.Undecided())
		applied = slices.DeleteFunc(applied, func(a policy.Applied) bool { return s.sources[a.Policy] == nil }) // delegation is not the caller's
	}
	if s.policies.Boundary != nil {
		v.AllowedByBoundary = new(by("Permissions Boundary Policy", applied) == policy.Allowed)
	}
	if s.given && owner != s.principal.Account {
		v.Details = map[string]policy.Effect{}
		for layer, kind := range sourceTypes {
			if layer != "boundary" || s.policies.Boundary != nil {
				v.Details[kind] = by(kind, applied)
			}
		}
	}
	if v.Effect == policy.ImplicitlyDenied {
		v.Missing = s.missing
		return v
	}
	for _, a := range applied {
		if a.Denies == (v.Effect == policy.ExplicitlyDenied) && (a.Denies || a.Layer != "boundary") {
			v.Matched = append(v.Matched, s.sources[a.Policy].matched(a))
		}
	}
	return v
}

// bounded refuses the simulation unless the engine came to an end within its bound of work.
func (s *simulation) bounded(complete bool) {
	if !complete {
		s.refuse(refusef("InvalidInput", "The policies and the context need more than %d steps to be evaluated.", policy.MaxWork))
	}
}

// owner is the account that owns a resource: the one in its ARN or else the one that the call says.
func (s *simulation) owner(resource string) string {
	if arn, err := policy.ParseARN(resource); err == nil && policy.IsAccountID(arn.Account) {
		return arn.Account
	}
	if owner, err := policy.ParseARN(s.in.ResourceOwner); err == nil {
		return owner.Account
	}
	return s.principal.Account
}

// fits tells whether the action can be about the resource: whether one of its resource types has ARNs of that service that begin so. What the
// reference does not know fits everything; AWS's simulator was recorded to deny what does not fit.
func (s *simulation) fits(action, resource string) bool {
	if s.actions == nil || resource == "*" {
		return true
	}
	entry, known := s.actions.Action(action)
	if !known {
		return true
	}
	arn, _ := policy.ParseARN(resource)
	wildcard := strings.IndexAny(arn.Resource, "*?") // who asks for many resources by a pattern may mean some of the type
	pattern := wildcard >= 0
	for _, use := range entry.ResourceTypes {
		for _, form := range use.Type.ARNs {
			parts := strings.SplitN(form, ":", 6)
			if len(parts) < 6 {
				continue
			}
			begins, _, _ := strings.Cut(parts[5], "${")
			if parts[2] == arn.Service && (strings.HasPrefix(arn.Resource, begins) || pattern && strings.HasPrefix(begins, arn.Resource[:wildcard])) {
				return true
			}
		}
	}
	return false
}

// by is what the policies of one type decide by themselves.
func by(kind string, applied []policy.Applied) policy.Effect {
	effect := policy.ImplicitlyDenied
	for _, a := range applied {
		if sourceTypes[a.Layer] != kind {
			continue
		}
		if a.Denies {
			return policy.ExplicitlyDenied
		}
		effect = policy.Allowed
	}
	return effect
}
