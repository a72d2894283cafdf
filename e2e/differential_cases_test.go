package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// maker makes cases, the same ones for the same seed. Each is built around its request: most elements of its policies are variations of what
// would match, so that a good part of the requests is allowed, a good part denied, and most decisions hang on one element.
type maker struct {
	*rand.Rand
	actions []simulatedAction
	number  int

	action  simulatedAction // of the case in hand
	request simulatedRequest
	present []conditionKey // keys that its context has
	absent  []conditionKey // keys that it could have
}

func newMaker(seed uint64) *maker {
	return &maker{Rand: rand.New(rand.NewPCG(seed, 1)), actions: simulatedActions()}
}

func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

func (m *maker) flip(word string) string {
	if m.chance(50) {
		return strings.ToUpper(word)
	}
	return strings.ToLower(word)
}

func pick[T any](m *maker, from []T) T { return from[m.IntN(len(from))] }

// simulation makes the next case.
func (m *maker) simulation() simulation {
	m.number++
	m.action = pick(m, m.actions)
	m.request = simulatedRequest{Principal: m.caller(), Action: m.action.name, Resource: "*", WildcardOnly: m.action.resources == nil && m.chance(50)} // else the engine knows
	m.chooseResource()
	m.fillContext()
	s := simulation{ID: fmt.Sprint(m.number), Request: m.request}
	m.addPolicies(&s.Policies)
	return s
}

func (m *maker) caller() caller {
	if m.action.name == "sts:AssumeRoleWithWebIdentity" {
		return "arn:aws:iam::111122223333:oidc-provider/accounts.google.com"
	}
	if m.action.policy && m.chance(12) {
		if strings.HasPrefix(m.action.name, "sts:") || m.chance(50) {
			return pick(m, []caller{"sns.amazonaws.com", "cloudtrail.amazonaws.com"})
		}
		return anonymous
	}
	switch n := m.IntN(100); {
	case n < 2:
		return "arn:aws:iam::111122223333:root"
	case n < 6:
		return "arn:aws:sts::111122223333:federated-user/Alice"
	case n < 10:
		return "arn:aws:iam::111122223333:role/App"
	case n < 52:
		return pick(m, []caller{"arn:aws:iam::111122223333:user/Alice", "arn:aws:iam::111122223333:user/team/Bob"})
	}
	return pick(m, []caller{"arn:aws:sts::111122223333:assumed-role/App/Alice", "arn:aws:sts::111122223333:assumed-role/App/build-7"})
}

func (m *maker) chooseResource() {
	account := homeAccount
	if m.chance(25) && m.action.name != "sts:AssumeRoleWithWebIdentity" {
		account = otherAccount
	}
	if m.action.resources != nil {
		m.request.Resource = strings.ReplaceAll(pick(m, m.action.resources), "{account}", account)
		if strings.SplitN(m.request.Resource, ":", 6)[4] == "" || m.chance(50) {
			m.request.ResourceAccount = account
		}
	}
}

func (m *maker) fillContext() {
	m.request.Context, m.present, m.absent = map[string]any{}, nil, nil
	if m.chance(50) { // else the engine derives them
		maps.Copy(m.request.Context, m.request.derived())
	}
	add := func(keys []conditionKey, percent int) {
		for _, key := range keys {
			if !m.chance(percent) {
				m.absent = append(m.absent, key)
				continue
			}
			m.present = append(m.present, key)
			if key.list {
				m.request.Context[key.name] = m.some(key.values)
			} else {
				m.request.Context[key.name] = pick(m, key.values)
			}
		}
	}
	add(m.action.keys, 80)
	add(globalKeys(), 16)
}

// some is a selection of one or more, in a random order.
func (m *maker) some(values []string) []string {
	values = slices.Clone(values)
	m.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	return values[:1+m.IntN(len(values))]
}

func (m *maker) addPolicies(p *simulatedDocuments) {
	kind := m.request.Principal.kind()
	credentials := m.request.Principal.account() != ""
	if credentials && kind != "root" {
		for range 1 + m.IntN(2) {
			p.Identity = append(p.Identity, m.document(permission))
		}
		if m.chance(20) && kind != "federated" {
			p.Boundary = []policyDocument{m.document(permission)}
		}
		if m.chance(30) && (kind == "session" || kind == "federated") {
			for range 1 + m.IntN(2) {
				p.Session = append(p.Session, m.document(permission))
				p.Session[len(p.Session)-1].Version = p.Session[0].Version // the peer takes one document for all
			}
		}
	}
	m.addResourcePolicy(p)
	if credentials && m.chance(20) {
		for i := range 1 + m.IntN(3) {
			p.SCP = append(p.SCP, organization{fmt.Sprintf("level-%d", i), m.controls(permission)})
		}
	}
	if m.action.controls && m.chance(20) {
		for i := range 1 + m.IntN(3) {
			p.RCP = append(p.RCP, organization{fmt.Sprintf("level-%d", i), m.controls(control)})
		}
	}
	if m.chance(12) {
		p.VPCEndpoint = []policyDocument{m.document(endpoint)}
	}
}

func (m *maker) addResourcePolicy(p *simulatedDocuments) {
	style, percent := ofResource, 60
	if strings.HasPrefix(m.action.name, "sts:") {
		style, percent = trust, 95
	}
	if m.request.Principal.account() == "" || m.request.owner() != m.request.Principal.account() {
		percent = 95 // nothing is allowed without one
	}
	if m.action.policy && m.chance(percent) {
		d := m.document(style)
		p.Resource = &d
	}
}

// controls are the policies of one level of an organization. Of resource control policies only AWS's own allows (AWS Organizations User Guide,
// "RCP syntax").
func (m *maker) controls(s style) []policyDocument {
	everything := statement{Effect: "Allow", Action: []string{"*"}, Resource: []string{"*"}}
	if s == control {
		everything.Principal = &named{all: true}
	}
	list := []policyDocument{{"2012-10-17", []statement{everything}}}
	if s == permission && m.chance(20) {
		return []policyDocument{m.document(s)}
	}
	if m.chance(40) {
		list = append(list, m.document(s))
		for i := range list[1].Statement {
			list[1].Statement[i].Effect = "Deny"
		}
	}
	return list
}

// style is what the statements of a kind of policies have.
type style int

const (
	permission style = iota // no Principal
	ofResource              // Principal and Resource
	trust                   // Principal, no Resource
	endpoint                // Principal "*"
	control                 // Principal "*", Deny only
)

func (m *maker) document(s style) policyDocument {
	d := policyDocument{Version: "2012-10-17"}
	if m.chance(7) && s != control {
		d.Version = "2008-10-17"
	}
	for range 1 + m.IntN(3) {
		d.Statement = append(d.Statement, m.statement(s))
	}
	return d
}

func (m *maker) statement(s style) statement {
	result := statement{Effect: "Allow"}
	deny := m.chance(14)
	if deny || s == control {
		result.Effect = "Deny"
	}
	m.addActions(&result, s)
	if s != trust {
		m.addResources(&result, deny)
	}
	switch s {
	case ofResource, trust:
		m.addPrincipals(&result)
	case endpoint, control:
		result.Principal = &named{all: true}
	}
	for range m.IntN(7) / 3 {
		m.addCondition(&result)
	}
	return result
}

func (m *maker) addActions(to *statement, s style) {
	actions := []string{m.actionPattern()}
	switch { // a trust policy is about the actions that make sessions, and a resource control policy may not name all actions
	case s == trust && m.action.name == "sts:GetCallerIdentity":
		actions[0] = "sts:AssumeRole"
	case s == trust && (actions[0] == "sts:GetCallerIdentity" || !strings.HasPrefix(strings.ToLower(actions[0]), "sts:")), s == control && actions[0] == "*":
		actions[0] = m.action.name
	}
	for s != trust && m.chance(40) {
		actions = append(actions, pick(m, m.actions).name)
	}
	m.Shuffle(len(actions), func(i, j int) { actions[i], actions[j] = actions[j], actions[i] })
	if m.chance(8) && s != trust && s != control {
		to.NotAction = actions
		if m.chance(60) {
			to.NotAction = []string{pick(m, m.actions).name}
		}
		return
	}
	to.Action = actions
}

func (m *maker) actionPattern() string {
	service, name, _ := strings.Cut(m.action.name, ":")
	switch m.IntN(12) {
	case 0:
		return "*"
	case 1, 2:
		return service + ":*"
	case 3:
		return service + ":" + name[:1+m.IntN(len(name))] + "*"
	case 4:
		return service + ":*" + name[m.IntN(len(name)):]
	case 5:
		i := m.IntN(len(name))
		return service + ":" + name[:i] + "?" + name[i+1:]
	case 6:
		return m.flip(service) + ":" + m.flip(name)
	case 7:
		return pick(m, m.actions).name
	}
	return m.action.name
}
