package policy

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Effect of a decision. The zero value denies.
type Effect int

// The effects, as simulate and AWS's own simulator tell them apart.
const (
	ImplicitlyDenied Effect = iota // nothing allows
	ExplicitlyDenied               // a Deny statement applies
	Allowed
)

var effectNames = [...]string{"ImplicitlyDenied", "ExplicitlyDenied", "Allowed"}

// String is Allowed, ExplicitlyDenied or ImplicitlyDenied.
func (e Effect) String() string {
	if e < 0 || int(e) >= len(effectNames) {
		return fmt.Sprintf("Effect(%d)", int(e))
	}
	return effectNames[e]
}

// Decision is the engine's answer, with what decided. It is a value: safe to keep, copy and share. It marshals to and
// from simulate's result JSON ("decision", "reasons"), without "id".
type Decision struct {
	Effect Effect

	// One Allow statement for each layer that had to allow, those of organizations left out. Reasons are made of them when asked for, so that
	// deciding costs no allocation where there is nothing to explain.
	allowed [layers - organization]*statement
	why     *explanation // nil: there is no more to say
}

// explanation is what there is to say of a decision beside the Allow statements of its layers.
type explanation struct {
	levels    []*statement // an Allow statement for each level of service control policies
	reasons   []Reason     // of a denial, and of a decision that was read from JSON
	denied    []*statement // of an explicit denial, in the order of the reasons
	undecided bool
	// anyResource: the request may be about any of several resources; every reason says so.
	anyResource bool
}

func (d Decision) explanation() explanation {
	if d.why == nil {
		return explanation{}
	}
	return *d.why
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allowed }

// Undecided reports that comparing the request with the policies would take more than MaxWork steps. The request is denied, since nothing may be
// allowed on half an answer, but no policy says so: who asks what policies mean must take it for an error.
func (d Decision) Undecided() bool { return d.explanation().undecided }

// Reasons are the statements that decided: every Deny that applies; or, of an allowed request, the first Allow of
// each kind of policy that had to allow; or, on an implicit denial, each kind that did not allow, with its nearest Allow
// statement and the element of it that failed. Of sts:GetCallerIdentity, which needs no permission, there are none.
func (d Decision) Reasons() []Reason {
	why := d.explanation()
	reasons := slices.Clone(why.reasons)
	if reasons == nil {
		reasons = d.allowing(why.levels)
	}
	for i := range reasons {
		reasons[i].AnyResource = reasons[i].AnyResource || why.anyResource
	}
	return reasons
}

// allowing are the reasons of an allowed request.
func (d Decision) allowing(levels []*statement) (reasons []Reason) {
	for _, s := range levels {
		reasons = append(reasons, s.reason(layerSCP))
	}
	for i, s := range d.allowed {
		if s != nil {
			reasons = append(reasons, s.reason(layer(i)+organization))
		}
	}
	return reasons
}

// Hiding is the decision with nothing of the layers for which hidden is true but that they had a part in it: for a reader who may not see the
// policies of another account.
func (d Decision) Hiding(hidden func(layer string) bool) Decision {
	why := d.explanation()
	shown := explanation{undecided: why.undecided, anyResource: why.anyResource, reasons: d.Reasons(), denied: slices.Clone(why.denied)}
	if shown.reasons == nil {
		shown.reasons = []Reason{}
	}
	for i, reason := range shown.reasons {
		if !hidden(reason.Layer) {
			continue
		}
		shown.reasons[i] = Reason{Layer: reason.Layer, Policy: hiddenPolicy, Statement: -1}
		if shown.denied != nil {
			shown.denied[i] = nil
		}
	}
	return Decision{Effect: d.Effect, why: &shown}
}

// What stands in place of a policy's name: of one that is not shown, and where there is none to blame.
const (
	hiddenPolicy    = "(not shown: another account's)"
	undecidedPolicy = "(not decided)"
)

// Reason is one statement's part in a decision.
type Reason struct {
	Layer     string   `json:"layer,omitempty"` // scp, rcp, vpcEndpoint, identity, boundary, session, trust or resource
	Policy    string   `json:"policy"`
	Statement int      `json:"statement"` // index; -1 when the layer has no statement to name
	SID       string   `json:"sid"`
	Effect    string   `json:"effect,omitempty"` // Allow or Deny
	Line      int      `json:"line,omitempty"`   // of the statement or, if an element failed, of that element's value
	Column    int      `json:"column,omitempty"`
	Failed    string   `json:"failed,omitempty"` // Action, Resource, Principal, Condition
	Operator  string   `json:"operator,omitempty"`
	Key       string   `json:"key,omitempty"`
	Wanted    []string `json:"wanted,omitzero"`
	Got       []string `json:"got,omitzero"` // empty, not nil: the request has no such key
	// AnyResource: the request may be about any resource that its own matches as a pattern (Request.AnyResource).
	AnyResource bool `json:"anyResource,omitempty"`
}

// reason is the statement as such.
func (s *statement) reason(l layer) Reason {
	position := s.policy.place.position(s.element.offset)
	r := Reason{
		Layer: l.String(), Policy: s.policy.name, Statement: s.number, SID: s.element.sid.value,
		Effect: "Allow", Line: position.Line, Column: position.Column,
	}
	if s.deny {
		r.Effect = "Deny"
	}
	return r
}

// decisionJSON is a Decision on the wire.
type decisionJSON struct {
	Decision string   `json:"decision"`
	Reasons  []Reason `json:"reasons"`
}

func (d Decision) wire() decisionJSON {
	reasons := d.Reasons()
	if reasons == nil {
		reasons = []Reason{}
	}
	return decisionJSON{d.Effect.String(), reasons}
}

// MarshalJSON writes {"decision": …, "reasons": […]}.
func (d Decision) MarshalJSON() ([]byte, error) { return json.Marshal(d.wire()) }

// UnmarshalJSON reads what MarshalJSON wrote. Other members are ignored, so that a line of simulate reads as well.
func (d *Decision) UnmarshalJSON(data []byte) error {
	var wire decisionJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("reading decision: %w", err)
	}
	effect := slices.Index(effectNames[:], wire.Decision)
	if effect < 0 {
		return fmt.Errorf("reading decision: unknown decision %q", wire.Decision)
	}
	*d = Decision{Effect: Effect(effect), why: &explanation{reasons: wire.Reasons}}
	return nil
}

// Because is the tail of AWS's access-denied sentence: "because no identity-based policy allows the s3:PutObject
// action", "with an explicit deny in an identity-based policy" (IAM User Guide, "Troubleshoot access denied error
// messages"). Where several kinds of policies deny, AWS names one; ours is the first of the reasons. It is empty for an
// allowed request.
func (d Decision) Because(action string) string {
	if d.Allowed() {
		return ""
	}
	article, kind := "an", "identity-based policy"
	if reasons := d.explanation().reasons; len(reasons) > 0 {
		article, kind = aKind(reasons[0].Layer)
	}
	if d.Effect == ExplicitlyDenied {
		return "with an explicit deny in " + article + " " + kind
	}
	return "because no " + kind + " allows the " + action + " action"
}

// aKind is what AWS calls the policies of a layer.
func aKind(layer string) (article, kind string) {
	switch layer {
	case layerSCP.String():
		return "a", "service control policy"
	case layerRCP.String():
		return "a", "resource control policy"
	case layerEndpoint.String():
		return "a", "VPC endpoint policy"
	case layerBoundary.String():
		return "a", "permissions boundary"
	case layerSession.String():
		return "a", "session policy"
	case layerTrust.String():
		return "the", "role trust policy"
	case layerResource.String():
		return "a", "resource-based policy"
	}
	return "an", "identity-based policy"
}
