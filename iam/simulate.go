package iam

import (
	"cmp"
	"context"
	"strconv"

	"github.com/openirsa/openirsa/policy"
)

// IAM's own policy simulators (IAM User Guide, "IAM policy testing with the IAM policy simulator"). Simulations are decided by the engine that
// decides requests; what AWS's simulator is known to decide in another way than AWS itself is not imitated (docs/compatibility.md).

// Actions is what the simulators, and policies of buckets, ask of the Service Authorization Reference.
type Actions interface {
	// Action is what the reference says of an action (service:Name, in any case).
	Action(name string) (policy.ActionEntry, bool)
	// Actions are all actions of a service, by its prefix.
	Actions(prefix string) []policy.ActionEntry
	// Key is what the reference says of a condition key (in any case), a service's or a global one.
	Key(name string) (policy.KeyEntry, bool)
}

// actionsOf are a service's actions; nil where there is no reference to ask.
func (d *Directory) actionsOf(prefix string) []policy.ActionEntry {
	if d.actions == nil {
		return nil
	}
	return d.actions.Actions(prefix)
}

// Verdict is what a simulation of one action comes to, on one resource or on several.
type Verdict struct {
	Resource string // as given; of several "*"
	Effect   policy.Effect
	Matched  []MatchedStatement // that allow or, if one does, that deny; of an implicit denial none
	Missing  []string           // condition keys that the policies ask for and that were not given, where that can explain the denial
	// AllowedByOrganizations and AllowedByBoundary say what the service control policies and the permissions boundary decide by themselves;
	// nil: there are none, or they were not reached.
	AllowedByOrganizations, AllowedByBoundary *bool
	Details                                   map[string]policy.Effect // what each type of policy decides by itself; across accounts only
}

// SimulationResult is what a simulation comes to for one action.
type SimulationResult struct {
	Action    string
	Verdict             // of all resources: the strictest
	Resources []Verdict // one for each; nil where no resources were named
}

// MatchedStatement is a statement that a verdict rests on. Lines and columns are AWS's, see place.
type MatchedStatement struct {
	SourcePolicyID   string // PolicyInputList.1, a managed policy's name, user_NAME_POLICY, …
	SourcePolicyType string
	Start, End       policy.Position
}

// SimulateCustomPolicy decides what policies that come with the call would allow.
func (d *Directory) SimulateCustomPolicy(ctx context.Context, caller Caller, in SimulateCustomPolicyInput) (Page[SimulationResult], error) {
	c := call{name: "SimulateCustomPolicy", in: in, on: onEverything}
	return read(ctx, d, caller, c, func(a *Account) (Page[SimulationResult], error) {
		s := newSimulation(d.actions, a, in.SimulationInput)
		s.addInputs(in.PolicyInputList)
		s.addLevels(in.OrderedOrganizationPolicyInputList)
		s.setCaller(in.CallerARN)
		return s.run(c.name)
	})
}

// SimulatePrincipalPolicy decides what a user, group or role would be allowed, by its policies and those that come with the call. A user's are those
// of its groups too.
func (d *Directory) SimulatePrincipalPolicy(ctx context.Context, caller Caller, in SimulatePrincipalPolicyInput) (Page[SimulationResult], error) {
	c := onSource("SimulatePrincipalPolicy", in, in.PolicySourceARN)
	return read(ctx, d, caller, c, func(a *Account) (Page[SimulationResult], error) {
		source, err := a.policySource(in.PolicySourceARN)
		if err != nil {
			return Page[SimulationResult]{}, err
		}
		s := newSimulation(d.actions, a, in.SimulationInput)
		s.addSource(source)
		s.addInputs(in.PolicyInputList)
		if in.CallerARN == "" {
			in.CallerARN = source.identity.ARN
		}
		s.setCaller(in.CallerARN)
		return s.run(c.name)
	})
}

// GetContextKeysForCustomPolicy lists the condition keys that policies ask for.
func (d *Directory) GetContextKeysForCustomPolicy(ctx context.Context, caller Caller, in ContextKeysForCustomPolicyInput) ([]string, error) {
	c := call{name: "GetContextKeysForCustomPolicy", in: in, on: onEverything}
	return read(ctx, d, caller, c, func(a *Account) ([]string, error) {
		s := newSimulation(nil, a, SimulationInput{})
		s.addInputs(in.PolicyInputList)
		return s.keys, s.err
	})
}

// GetContextKeysForPrincipalPolicy lists the condition keys that the policies of a user, group or role ask for, and those that come with the call.
func (d *Directory) GetContextKeysForPrincipalPolicy(ctx context.Context, caller Caller, in ContextKeysForPrincipalPolicyInput) ([]string, error) {
	c := onSource("GetContextKeysForPrincipalPolicy", in, in.PolicySourceARN)
	return read(ctx, d, caller, c, func(a *Account) ([]string, error) {
		source, err := a.policySource(in.PolicySourceARN)
		if err != nil {
			return nil, err
		}
		s := newSimulation(nil, a, SimulationInput{})
		s.addSource(source)
		s.addInputs(in.PolicyInputList)
		return s.keys, s.err
	})
}

func onEverything(*Account) target { return target{resource: "*"} }

// onSource is a call about the policies of a user, group or role, which AWS finds by its name whatever path the ARN has. It is authorized under the
// ARN that it really has, so that nobody reaches by another path what they may not read. An ARN of another account reaches nothing, and is authorized
// as if it were of the caller's: AWS tells whoever may ask what is wrong with it.
func onSource(name string, in input, arn string) call {
	return call{name: name, in: in, on: func(a *Account) target {
		if source, err := a.policySource(arn); err == nil {
			return target{resource: source.identity.ARN, keys: resourceTags(source.identity.Tags)}
		}
		n, _, _ := sourceOf(arn)
		return target{resource: a.arn(n.Kind.rules().word + "/" + n.Name())}
	}}
}

// policySource is the user, group or role whose policies a call is about; arn was validated. The sentences are AWS's as recorded in 2026.
func (a *Account) policySource(arn string) (*identityEntry, error) {
	n, account, _ := sourceOf(arn)
	if account != a.id {
		return nil, refusef("InvalidInput", "Invalid Policy Source Arn: caller's account %s does not have access to policies in account %s.", a.id, account)
	}
	entry, err := a.identity(n)
	if err != nil {
		return nil, refusef("NoSuchEntity", "Unable to retrieve specified IAM entity.")
	}
	return entry, nil
}

// How much one answer holds. A page may end early, as AWS documents that pages may; what one action alone needs is refused beyond the limit.
const (
	maxTold = 20_000    // statements and condition keys
	maxRead = 256 << 20 // bytes of policies that are read for it, each as often as a resource is decided
)

// run decides the actions of one page. AWS's markers count actions: a page goes on at that number whatever else the next call changes (as recorded
// in 2026).
func (s *simulation) run(name string) (Page[SimulationResult], error) {
	if s.check(name); s.err != nil {
		return Page[SimulationResult]{}, s.err
	}
	first, _ := afterAction(s.in.Marker)
	actions := s.in.ActionNames[min(first, len(s.in.ActionNames)):]
	size := defaultPage
	if s.in.MaxItems != nil {
		size = *s.in.MaxItems
	}
	page := Page[SimulationResult]{Items: []SimulationResult{}}
	told, reads := 0, 0
	for i, action := range actions {
		if i == size || i > 0 && (told >= maxTold || reads >= maxRead) {
			page.IsTruncated, page.Marker = true, marker(strconv.Itoa(first+i))
			break
		}
		result, count := s.action(action)
		if s.err != nil {
			return Page[SimulationResult]{}, s.err
		}
		if count > maxTold {
			return Page[SimulationResult]{}, refusef("InvalidInput", "The answer about %s would name more than %d statements and condition keys.", shorten(action), maxTold)
		}
		told, reads = told+count, reads+len(s.resources)*s.size
		page.Items = append(page.Items, result)
	}
	return page, nil
}

// afterAction is the number of actions that the pages before the marker had.
func afterAction(marker string) (int, error) {
	key, err := afterMarker(marker)
	if err != nil || key == "" {
		return 0, err
	}
	return strconv.Atoi(key)
}

// action decides one action on every resource. The count is of the statements and condition keys that the result names; beyond maxTold it is not
// complete.
func (s *simulation) action(name string) (result SimulationResult, count int) {
	result = SimulationResult{Action: name, Verdict: Verdict{Resource: "*", Effect: policy.Allowed}}
	known := map[MatchedStatement]bool{}
	for _, resource := range s.resources {
		v := s.decide(name, resource)
		result.Verdict.add(v, known)
		if count += len(v.Matched) + len(v.Missing); count > maxTold {
			return result, count
		}
		if s.named() {
			result.Resources = append(result.Resources, v)
		}
	}
	if len(s.resources) == 1 {
		result.Resource = s.resources[0]
	}
	return result, count + len(result.Matched) + len(result.Missing)
}

// add makes v the verdict on one more resource too. known are its matched statements, each of which it tells once.
func (v *Verdict) add(more Verdict, known map[MatchedStatement]bool) {
	v.Effect = stricter(v.Effect, more.Effect)
	for _, statement := range more.Matched {
		if !known[statement] {
			known[statement] = true
			v.Matched = append(v.Matched, statement)
		}
	}
	if v.Missing == nil { // of one simulation it is always the same
		v.Missing = more.Missing
	}
	v.AllowedByOrganizations = both(v.AllowedByOrganizations, more.AllowedByOrganizations)
	v.AllowedByBoundary = both(v.AllowedByBoundary, more.AllowedByBoundary)
	for kind, effect := range more.Details {
		if v.Details == nil {
			v.Details = map[string]policy.Effect{}
		}
		if before, ok := v.Details[kind]; ok {
			effect = stricter(before, effect)
		}
		v.Details[kind] = effect
	}
}

// stricter is what two decisions come to where both must allow.
func stricter(x, y policy.Effect) policy.Effect {
	if x == policy.ExplicitlyDenied || y == policy.ExplicitlyDenied {
		return policy.ExplicitlyDenied
	}
	return min(x, y)
}

// both joins what is known of two.
func both(x, y *bool) *bool {
	if x == nil || y == nil {
		return cmp.Or(x, y)
	}
	return new(*x && *y)
}
