package policy

// Policies are all the policies that apply to a request. Nil means that the kind does not apply; an empty but non-nil one allows nothing.
type Policies struct {
	Identity []*Policy // one union
	Boundary []*Policy // one union
	Session  []*Policy // one union
	Trust    *Policy   // the role's trust policy, for sts:AssumeRole*, sts:TagSession, sts:SetSourceIdentity
	Resource *Policy   // the policy of the resource that the request is about, if that is not a role
	// SCP are the service control policies of the caller's account, level by level from the organization's root to the account; each level must
	// allow. Whose organization's management account the caller belongs to is not bound by any: give none.
	SCP []Level
	RCP []Level // the resource control policies of the resource's account, likewise; they only deny
	// Endpoint are the policies of the VPC endpoint that the request came through, one union.
	Endpoint []*Policy
}

// Level are the policies that are attached to one root, organizational unit or account: one union.
type Level struct {
	Name     string // as reasons call it when there is no statement to name
	Policies []*Policy
}

// layer is a kind of policy in a decision. They are in the order in which reasons name them: what bounds accounts comes before what grants in them.
type layer uint8

const (
	layerSCP layer = iota
	layerRCP
	layerEndpoint
	layerIdentity
	layerBoundary
	layerSession
	layerTrust
	layerResource
	layers
)

// String is what Reason.Layer says.
func (l layer) String() string {
	return [...]string{"scp", "rcp", "vpcEndpoint", "identity", "boundary", "session", "trust", "resource"}[l]
}

// gap is a union of policies that does not allow.
type gap struct {
	layer layer
	union int
}

// unions is how many unions of policies the layer has that apply: one, or one for each level.
func (e *evaluation) unions(l layer) int {
	switch p := &e.policies; l {
	case layerSCP:
		return len(p.SCP)
	case layerRCP:
		return len(p.RCP)
	}
	return 1
}

// union is the layer's union i.
func (e *evaluation) union(l layer, i int) []*Policy {
	switch p := &e.policies; l {
	case layerSCP:
		return p.SCP[i].Policies
	case layerRCP:
		return p.RCP[i].Policies
	case layerEndpoint:
		return p.Endpoint
	case layerIdentity:
		return p.Identity
	case layerBoundary:
		return p.Boundary
	case layerSession:
		return p.Session
	case layerTrust:
		if p.Trust != nil {
			return e.trust[:]
		}
	case layerResource:
		if p.Resource != nil {
			return e.resource[:]
		}
	}
	return nil
}

// name is how a reason calls a union that has no statement to name.
func (e *evaluation) name(g gap) string {
	switch p := &e.policies; g.layer {
	case layerSCP:
		return p.SCP[g.union].Name
	case layerRCP:
		return p.RCP[g.union].Name
	}
	if policies := e.union(g.layer, g.union); len(policies) > 0 {
		return policies[0].name
	}
	return ""
}
