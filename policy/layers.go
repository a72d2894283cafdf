package policy

// Policies are all the policies that apply to a request. Nil means that the kind does not apply; an empty but non-nil one allows nothing.
type Policies struct {
	Identity []*Policy // one union
	Boundary []*Policy // one union
	Session  []*Policy // one union
	Trust    *Policy   // the role's trust policy, for sts:AssumeRole*, sts:TagSession, sts:SetSourceIdentity, sts:SetContext
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

	organization = layerRCP + 1 // the layers before have levels
)

// String is what Reason.Layer says.
func (l layer) String() string {
	return [...]string{"scp", "rcp", "vpcEndpoint", "identity", "boundary", "session", "trust", "resource"}[l]
}

// layerSet is a set of layers, a bit for each.
type layerSet uint8

func (s layerSet) has(l layer) bool { return s&(1<<l) != 0 }

// with is s and l if in is true.
func (s layerSet) with(l layer, in bool) layerSet {
	if in {
		return s | 1<<l
	}
	return s
}

// unionName is how a reason calls a union that has no statement to name.
func unionName(policies []*Policy) string {
	if len(policies) == 0 {
		return ""
	}
	return policies[0].name
}
