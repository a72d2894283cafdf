package compare

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Witness is a request that one document allows and the other does not, as the engine has decided.
type Witness struct {
	Request policy.Request
	// First and Second are the decisions under the two documents, in the order of Diff's arguments.
	First, Second policy.Decision
	cases         [2]simulation
}

// Cases are the request under each document as lines for `irsa simulate`, with these ids.
func (w Witness) Cases(first, second string) [2]json.RawMessage {
	var lines [2]json.RawMessage
	for i, c := range w.cases {
		c.ID = []string{first, second}[i]
		lines[i], _ = json.Marshal(c) // strings and documents that were read from JSON always encode
	}
	return lines
}

// Line is the request as `irsa simulate` takes it.
func (w Witness) Line() json.RawMessage {
	line, _ := json.Marshal(w.cases[0].Request)
	return line
}

// simulation is a case of `irsa simulate`.
type simulation struct {
	ID       string `json:"id"`
	Request  asked  `json:"request"`
	Policies struct {
		Identity []json.RawMessage  `json:"identity"`
		Boundary *[]json.RawMessage `json:"permissionBoundary,omitempty"`
		Session  []json.RawMessage  `json:"session,omitempty"`
		Resource json.RawMessage    `json:"resource,omitempty"`
	} `json:"policies"`
}

type asked struct {
	Principal       any            `json:"principal"`
	Action          string         `json:"action"`
	Resource        string         `json:"resource"`
	ResourceAccount string         `json:"resourceAccount,omitempty"`
	WildcardOnly    *bool          `json:"wildcardOnlyAction,omitempty"`
	Context         map[string]any `json:"context,omitempty"`
}

// attempt is a request that is to be decided.
type attempt struct {
	action, resource string
	keys             map[string]known // condition keys as documents spell them
	who              caller
}

// ownAccount is where callers and resources are that say nothing of their account.
const ownAccount = "111122223333"

// request makes the attempt a request. Under identity policies the caller belongs to the resource's account, so that they alone decide; under a
// resource's own the stance says whether he does.
func (a attempt) request() *policy.Request {
	request := &policy.Request{Principal: a.who.principal, Action: a.action, Resource: a.resource, Context: &policy.Context{}}
	for _, key := range slices.Sorted(maps.Keys(a.keys)) {
		if k := a.keys[key]; k.list {
			request.Context.SetList(key, k.values...)
		} else {
			request.Context.Set(key, k.values[0])
		}
	}
	switch {
	case a.who.stance == nil && a.who.principal.Type != "":
		request.ResourceAccount = a.who.principal.Account // whose policies are looked at, and no others
	case a.who.stance == nil:
		account := ownAccount
		if parts := strings.SplitN(a.resource, ":", 6); len(parts) == 6 && policy.IsAccountID(parts[4]) {
			account = parts[4]
		}
		request.Principal, _ = policy.ParsePrincipal("arn:aws:sts::" + account + ":assumed-role/app/session") // an ARN of the right form always parses
	case a.who.stance.kind == policy.Resource:
		request.ResourceAccount = a.who.owner()
	}
	return request
}

// casePolicies are the documents under which an attempt is decided: the one that is compared, and what must be beside it for that one alone to
// decide. Empty: none of the kind.
type casePolicies struct {
	identity, resource string
	boundary           boundary
	session            bool // one that allows everything
}

// surroundings tell what stands beside the document, which stands where the result has this.
const this = "this"

// surroundings are the policies of the attempt. A role's trust policy and a key's policy must allow beside identity policies; one that names the
// account leaves it to them.
func (a attempt) surroundings() (p casePolicies) {
	service, _, _ := strings.Cut(strings.ToLower(a.action), ":")
	switch s := a.who.stance; {
	case s != nil:
		p = casePolicies{resource: this, boundary: s.boundary}
		if s.identity {
			p.identity = allowEverything
			p.session = a.who.principal.Type == policy.FederatedUser // who has nothing without
		}
	case service == "sts":
		p = casePolicies{identity: this, resource: trusting(a.request().Principal.Account)}
	case service == "kms":
		p = casePolicies{identity: this, resource: sharing(a.request().Principal.Account)}
	default:
		p.identity = this
	}
	return p
}

// policies are the surroundings, compiled. document is of the kind that is compared.
func (b *beside) policies(a attempt, document *policy.Policy) (p policy.Policies) {
	around := a.surroundings()
	compiled := func(source string, kind policy.Kind) *policy.Policy {
		if source == this {
			return document
		}
		return b.compile(source, kind)
	}
	if around.identity != "" {
		p.Identity = []*policy.Policy{compiled(around.identity, policy.Identity)}
	}
	if around.session {
		p.Session = []*policy.Policy{b.compile(allowEverything, policy.Identity)}
	}
	switch around.boundary {
	case boundaryAll:
		p.Boundary = []*policy.Policy{b.compile(allowEverything, policy.Identity)}
	case boundaryNone:
		p.Boundary = []*policy.Policy{}
	}
	switch {
	case around.resource == "":
	case a.who.stance != nil && a.who.stance.kind == policy.Trust, around.resource != this && strings.HasPrefix(strings.ToLower(a.action), "sts:"):
		p.Trust = compiled(around.resource, policy.Trust)
	default:
		p.Resource = compiled(around.resource, policy.Resource)
	}
	return p
}

// decide asks the engine under both documents.
func (c *comparison) decide(a attempt) (first, second policy.Decision) {
	request := a.request()
	return c.beside.policies(a, c.sides[0].compiled).Decide(request), c.beside.policies(a, c.sides[1].compiled).Decide(request)
}

// differs tells whether the party whose statement it is allows the request, or denies it, and the other does not.
func (e *excess) differs(a attempt) bool {
	e.b.spend(100)
	first, second := e.decide(a)
	if e.party.number == 1 {
		first, second = second, first
	}
	wanted := policy.Allowed
	if e.denying {
		wanted = policy.ExplicitlyDenied
	}
	return first.Effect == wanted && second.Effect != wanted && !second.Undecided()
}

// attempts are the requests that a solution may stand for: one or, where variables have no text yet, one for each that may be worth trying.
func (c *comparison) attempts(s solution, cell actionCell, who caller) []attempt {
	r := s.region
	names := make([]string, len(r.v.symbols))
	for name, number := range r.v.symbols {
		names[number] = name
	}
	var attempts []attempt
	for _, values := range r.texts(s, names) {
		a := attempt{action: cell.service + ":" + cell.name, resource: s.cell.word.substitute(values), keys: map[string]known{}, who: who}
		if c.options.Kind == policy.Trust {
			a.resource = roleResource(who.principal.Account)
		}
		set := func(key string, k known) { a.keys[c.m.spell([]string{key})[0]] = k }
		for name, present := range r.present {
			if !present {
				set(name, known{list: true}) // no value, for keys that the engine would derive as well
			}
		}
		for key, has := range s.shapes {
			set(key, has.known(values))
		}
		for i, name := range names {
			set(name, known{values: values[i : i+1]})
		}
		for key, k := range c.m.known {
			set(key, k)
		}
		attempts = append(attempts, a)
	}
	return attempts
}

// known is what the request has for a key of the shape.
func (s *shape) known(values []string) known {
	k := known{list: s.kind != single}
	for _, w := range s.words {
		k.values = append(k.values, w.substitute(values))
	}
	return k
}

// maxTexts bounds the requests that are tried for one solution with variables.
const maxTexts = 300

// otherCases are the texts that keys have in the solution, in capitals and in small letters, for operators that do not tell these apart.
func (s solution) otherCases() (texts []string) {
	for _, key := range slices.Sorted(maps.Keys(s.shapes)) {
		for _, w := range s.shapes[key].words {
			if !w.symbolic() && len(w) > 0 {
				texts = append(texts, strings.ToUpper(string(w)), strings.ToLower(string(w)))
			}
		}
	}
	return texts
}

// texts are the values of the variables that are worth trying: what the solution has for them, ordinary names, and texts from the documents.
func (r *region) texts(s solution, names []string) [][]string {
	tried := [][]string{nil}
	for i, name := range names {
		choices := append([]string{"alice", "bob", "carol", "dave"}[i%4:i%4+1], "x", "a/b", "*")
		choices = append(append(choices, r.pieces...), s.otherCases()...)
		if has := s.shapes[name]; has != nil && has.kind == single && !has.words[0].symbolic() {
			choices = append([]string{string(has.words[0])}, choices...)
		}
		var next [][]string
		for _, choice := range choices {
			for _, before := range tried {
				if len(next) < maxTexts {
					next = append(next, append(slices.Clone(before), choice))
				}
			}
		}
		tried = next
	}
	return tried
}

// polish makes the request look more like one of AWS's where the documents cannot tell.
func (e *excess) polish(a attempt) attempt {
	for _, better := range e.ordinary(a) {
		if e.differs(better) {
			a = better
			break
		}
	}
	service, _, _ := strings.Cut(a.action, ":")
	for i, ordinary := range []string{"", "aws", service, "us-east-1", ownAccount} {
		parts := strings.SplitN(a.resource, ":", 6)
		if i == 0 || e.options.Kind == policy.Trust || len(parts) < 6 || parts[i] == ordinary || (i == 3 || i == 4) && parts[i] == "" {
			continue
		}
		parts[i] = ordinary
		better := a
		better.resource = strings.Join(parts, ":")
		if e.differs(better) {
			a = better
		}
	}
	return e.forget(a)
}

// ordinary are requests with a resource, and an action, that fills the statement's wildcards with words.
func (e *excess) ordinary(a attempt) []attempt {
	var better []attempt
	fill := strings.NewReplacer("*", "example", "?", "x")
	if e.options.Kind != policy.Trust && !e.statement.view.Resource.Not {
		for i, text := range e.statement.view.Resource.Values {
			if e.entries[e.statement.resources[i]] {
				other := a
				if other.resource = "*"; text.Value != "*" {
					other.resource = fill.Replace(text.Value)
				}
				if other.resource == "*" || strings.Count(other.resource, ":") >= 5 {
					better = append(better, other)
				}
			}
		}
	}
	return better
}

// forget leaves out keys that the request need not say to have no value.
func (e *excess) forget(a attempt) attempt {
	for _, key := range slices.Sorted(maps.Keys(a.keys)) {
		if len(a.keys[key].values) > 0 {
			continue
		}
		without := a
		without.keys = maps.Clone(a.keys)
		delete(without.keys, key)
		if e.differs(without) {
			a = without
		}
	}
	return a
}

// witnessOf decides the attempt once more, for the record.
func (e *excess) witnessOf(a attempt) Witness {
	w := Witness{Request: *a.request()}
	w.First, w.Second = e.decide(a)
	for i := range e.sides {
		w.cases[i] = a.simulation(e.sides[i].text)
	}
	return w
}

// simulation is the attempt as a case. What decide asks and what the case says is the same.
func (a attempt) simulation(document json.RawMessage) simulation {
	request := a.request()
	s := simulation{Request: asked{Principal: request.Principal.ARN, Action: request.Action, Resource: request.Resource,
		ResourceAccount: request.ResourceAccount, Context: map[string]any{}}}
	if request.Principal.Type == policy.Anonymous {
		s.Request.Principal = map[string]string{"type": "Anonymous"}
	}
	if request.Resource != "*" {
		s.Request.WildcardOnly = new(bool) // simulate is not to put "*" in the resource's place
	}
	for key, k := range a.keys {
		s.Request.Context[key] = append([]string{}, k.values...)
		if !k.list {
			s.Request.Context[key] = k.values[0]
		}
	}
	around := a.surroundings()
	text := func(source string) json.RawMessage {
		if source == this {
			return document
		}
		return json.RawMessage(source)
	}
	s.Policies.Identity = []json.RawMessage{}
	if around.identity != "" {
		s.Policies.Identity = append(s.Policies.Identity, text(around.identity))
	}
	if around.session {
		s.Policies.Session = []json.RawMessage{json.RawMessage(allowEverything)}
	}
	if around.resource != "" {
		s.Policies.Resource = text(around.resource)
	}
	switch around.boundary {
	case boundaryAll:
		s.Policies.Boundary = &[]json.RawMessage{json.RawMessage(allowEverything)}
	case boundaryNone:
		s.Policies.Boundary = &[]json.RawMessage{}
	}
	return s
}

func compact(text string) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return json.RawMessage(text)
	}
	return out.Bytes()
}
