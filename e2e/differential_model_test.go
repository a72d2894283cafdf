package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// simulation is one case of `irsa simulate`, in its own form.
type simulation struct {
	ID       string             `json:"id"`
	Request  simulatedRequest   `json:"request"`
	Policies simulatedDocuments `json:"policies"`
}

type simulatedRequest struct {
	Principal       caller         `json:"principal"`
	Action          string         `json:"action"`
	Resource        string         `json:"resource"`
	ResourceAccount string         `json:"resourceAccount,omitempty"`
	Context         map[string]any `json:"context"` // a string, or a list of strings
	WildcardOnly    bool           `json:"wildcardOnlyAction,omitempty"`
}

// simulatedDocuments are the policies of a case. Nil: the kind does not apply.
type simulatedDocuments struct {
	Identity    []policyDocument `json:"identity"`
	Resource    *policyDocument  `json:"resource"`
	Session     []policyDocument `json:"session"`
	Boundary    []policyDocument `json:"permissionBoundary"`
	SCP         []organization   `json:"scp,omitempty"`
	RCP         []organization   `json:"rcp,omitempty"`
	VPCEndpoint []policyDocument `json:"vpcEndpoint,omitempty"`
}

// organization is one level of an organization, the root first.
type organization struct {
	Level    string           `json:"level"`
	Policies []policyDocument `json:"policies"`
}

type policyDocument struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect       string
	Principal    *named     `json:",omitempty"`
	NotPrincipal *named     `json:",omitempty"`
	Action       []string   `json:",omitempty"`
	NotAction    []string   `json:",omitempty"`
	Resource     []string   `json:",omitempty"`
	NotResource  []string   `json:",omitempty"`
	Condition    conditions `json:",omitempty"`
}

// conditions are operands by operator and key.
type conditions map[string]map[string][]string

// named is a Principal element: "*" where all is set.
type named struct {
	all                     bool
	AWS, Service, Federated []string
}

func (n named) MarshalJSON() ([]byte, error) {
	if n.all {
		return []byte(`"*"`), nil
	}
	types := map[string][]string{}
	for name, list := range map[string][]string{"AWS": n.AWS, "Service": n.Service, "Federated": n.Federated} {
		if len(list) > 0 {
			types[name] = list
		}
	}
	return json.Marshal(types)
}

// caller is a principal as text; empty: anonymous.
type caller string

const anonymous caller = ""

func (c caller) MarshalJSON() ([]byte, error) {
	if c == anonymous {
		return []byte(`{"type":"Anonymous"}`), nil
	}
	return json.Marshal(string(c))
}

// kind is user, role, session, federated, root, service, web or anonymous.
func (c caller) kind() string {
	text := string(c)
	for _, of := range [][2]string{{":user/", "user"}, {":role/", "role"}, {":assumed-role/", "session"}, {":federated-user/", "federated"}, {":oidc-provider/", "web"}, {":root", "root"}, {".amazonaws.com", "service"}} {
		if strings.Contains(text, of[0]) {
			return of[1]
		}
	}
	return "anonymous"
}

// account is the one whose credentials the caller has, if any.
func (c caller) account() string {
	switch c.kind() {
	case "service", "web", "anonymous":
		return ""
	}
	return strings.Split(string(c), ":")[4]
}

// arn is aws:PrincipalArn: a session's is its role's.
func (c caller) arn() string {
	if c.kind() == "session" {
		return "arn:aws:iam::" + c.account() + ":role/" + strings.Split(string(c), "/")[1]
	}
	return string(c)
}

// owner is the account that the resource belongs to.
func (r simulatedRequest) owner() string {
	if r.ResourceAccount != "" {
		return r.ResourceAccount
	}
	if parts := strings.SplitN(r.Resource, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return r.Principal.account()
}

// derived are the keys that AWS sets from the caller and the resource (IAM User Guide, "AWS global condition context keys", and "IAM policy
// elements: Variables and tags", the table of principal key values).
func (r simulatedRequest) derived() map[string]any {
	c := r.Principal
	keys := map[string]any{}
	if owner := r.owner(); owner != "" {
		keys["aws:ResourceAccount"] = owner
	}
	if c.account() != "" {
		keys["aws:PrincipalArn"], keys["aws:PrincipalAccount"], keys["aws:PrincipalIsAWSService"] = c.arn(), c.account(), "false"
	}
	name := string(c)[strings.LastIndexByte(string(c), '/')+1:]
	switch c.kind() {
	case "user":
		keys["aws:PrincipalType"], keys["aws:username"] = "User", name
	case "role", "session":
		keys["aws:PrincipalType"] = "AssumedRole"
	case "federated":
		keys["aws:PrincipalType"], keys["aws:userid"] = "FederatedUser", c.account()+":"+name
	case "root":
		keys["aws:PrincipalType"], keys["aws:userid"] = "Account", c.account()
	case "anonymous":
		keys["aws:PrincipalType"], keys["aws:userid"], keys["aws:PrincipalAccount"] = "Anonymous", "anonymous", "anonymous"
	case "web":
		keys["aws:FederatedProvider"] = string(c)
	case "service":
		keys["aws:PrincipalIsAWSService"], keys["aws:PrincipalServiceName"] = "true", string(c)
	}
	return keys
}

// peerPolicy is a policy as the second implementation takes it.
type peerPolicy struct {
	Name   string         `json:"name"`
	Policy policyDocument `json:"policy"`
}

func peerPolicies(documents []policyDocument) []peerPolicy {
	list := make([]peerPolicy, len(documents))
	for i, d := range documents {
		list[i] = peerPolicy{string(rune('a' + i)), d}
	}
	return list
}

func peerLevels(organizations []organization, skip int) []any {
	list := make([]any, len(organizations))
	for i, o := range organizations {
		list[i] = map[string]any{"orgIdentifier": o.Level, "policies": peerPolicies(o.Policies[skip:])}
	}
	return list
}

// forPeer is the case as the second implementation takes it: it derives no keys, has one session policy, and adds AWS's own policy, which is the
// first here, to every level of resource control policies itself.
func (s simulation) forPeer() any {
	keys, p := s.Request.derived(), s.Policies
	maps.Copy(keys, s.Request.Context)
	peer := map[string]any{
		"request": map[string]any{"principal": s.Request.Principal, "action": s.Request.Action, "contextVariables": keys,
			"resource": map[string]string{"resource": s.Request.Resource, "accountId": s.Request.owner()}},
		"identityPolicies":        peerPolicies(p.Identity),
		"serviceControlPolicies":  peerLevels(p.SCP, 0),
		"resourceControlPolicies": peerLevels(p.RCP, 1),
	}
	if p.Resource != nil {
		peer["resourcePolicy"] = p.Resource
	}
	if p.Boundary != nil {
		peer["permissionBoundaryPolicies"] = peerPolicies(p.Boundary)
	}
	if p.VPCEndpoint != nil {
		peer["vpcEndpointPolicies"] = peerPolicies(p.VPCEndpoint)
	}
	if p.Session != nil {
		union := policyDocument{Version: p.Session[0].Version}
		for _, piece := range p.Session {
			union.Statement = append(union.Statement, piece.Statement...)
		}
		peer["sessionPolicy"] = union
	}
	return peer
}

// clone is a deep copy of what classes rewrite.
func (s simulation) clone() simulation {
	documents := func(list []policyDocument) []policyDocument {
		list = slices.Clone(list)
		for i := range list {
			list[i] = list[i].clone()
		}
		return list
	}
	levels := func(list []organization) []organization {
		list = slices.Clone(list)
		for i := range list {
			list[i].Policies = documents(list[i].Policies)
		}
		return list
	}
	p := &s.Policies
	if p.Resource != nil {
		d := p.Resource.clone()
		p.Resource = &d
	}
	p.Identity, p.Session, p.Boundary, p.VPCEndpoint = documents(p.Identity), documents(p.Session), documents(p.Boundary), documents(p.VPCEndpoint)
	p.SCP, p.RCP = levels(p.SCP), levels(p.RCP)
	s.Request.Context = maps.Clone(s.Request.Context)
	return s
}

func (d policyDocument) clone() policyDocument {
	d.Statement = slices.Clone(d.Statement)
	for i := range d.Statement {
		d.Statement[i].Resource, d.Statement[i].NotResource = slices.Clone(d.Statement[i].Resource), slices.Clone(d.Statement[i].NotResource)
		copied := conditions{}
		for operator, keys := range d.Statement[i].Condition {
			copied[operator] = map[string][]string{}
			for key, operands := range keys {
				copied[operator][key] = slices.Clone(operands)
			}
		}
		d.Statement[i].Condition = copied
	}
	return d
}

// documents are all of the case's.
func (s *simulation) documents() []*policyDocument {
	var all []*policyDocument
	add := func(list []policyDocument) {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	p := &s.Policies
	if p.Resource != nil {
		all = append(all, p.Resource)
	}
	add(p.Identity)
	add(p.Session)
	add(p.Boundary)
	add(p.VPCEndpoint)
	for _, level := range slices.Concat(p.SCP, p.RCP) {
		add(level.Policies)
	}
	return all
}
