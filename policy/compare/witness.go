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

// Cases are the request under each document as lines for `irsa simulate`, with the ids "first" and "second".
func (w Witness) Cases() [2]json.RawMessage {
	var lines [2]json.RawMessage
	for i, c := range w.cases {
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
		Resource json.RawMessage    `json:"resource,omitempty"`
	} `json:"policies"`
}

type asked struct {
	Principal any            `json:"principal"`
	Action    string         `json:"action"`
	Resource  string         `json:"resource"`
	Context   map[string]any `json:"context,omitempty"`
}

// attempt is a request that is to be decided.
type attempt struct {
	action, resource string
	keys             map[string]known // condition keys as documents spell them
	who              caller
}

// ownAccount is where callers and resources are that say nothing of their account.
const ownAccount = "111122223333"

// request makes the attempt a request. The caller belongs to the resource's account, so that its own policies decide.
func (a attempt) request() *policy.Request {
	request := &policy.Request{Principal: a.who.principal, Action: a.action, Resource: a.resource, Context: &policy.Context{}}
	for _, key := range slices.Sorted(maps.Keys(a.keys)) {
		if k := a.keys[key]; k.list {
			request.Context.SetList(key, k.values...)
		} else {
			request.Context.Set(key, k.values[0])
		}
	}
	if a.who.stance == nil {
		account := ownAccount
		if parts := strings.SplitN(a.resource, ":", 6); len(parts) == 6 && isAccount(parts[4]) {
			account = parts[4]
		}
		request.Principal, _ = policy.ParsePrincipal("arn:aws:sts::" + account + ":assumed-role/app/session") // an ARN of the right form always parses
	}
	return request
}

func isAccount(text string) bool { return len(text) == 12 && strings.Trim(text, "0123456789") == "" }

// policies are those under which the attempt is decided: the document, and what must be beside it for the document alone to decide. A role is
// assumed only if its trust policy allows as well; one that trusts the account leaves it to the caller's policies.
func (a attempt) policies(document *policy.Policy, beside *beside) policy.Policies {
	if a.who.stance != nil {
		p := policy.Policies{Trust: document}
		if a.who.stance.identity {
			p.Identity = []*policy.Policy{beside.everything}
		}
		switch a.who.stance.boundary {
		case boundaryAll:
			p.Boundary = []*policy.Policy{beside.everything}
		case boundaryNone:
			p.Boundary = []*policy.Policy{}
		}
		return p
	}
	p := policy.Policies{Identity: []*policy.Policy{document}}
	if a.isSTS() {
		p.Trust = beside.trust(a.request().Principal.Account)
	}
	return p
}

func (a attempt) isSTS() bool { return strings.HasPrefix(strings.ToLower(a.action), "sts:") }

// decide asks the engine under both documents.
func (e *excess) decide(a attempt) (first, second policy.Decision) {
	request := a.request()
	return a.policies(e.sides[0].compiled, e.beside).Decide(request), a.policies(e.sides[1].compiled, e.beside).Decide(request)
}

// differs tells whether the party whose statement it is allows the request, and the other does not.
func (e *excess) differs(a attempt) bool {
	e.b.spend(100)
	first, second := e.decide(a)
	if e.party.number == 1 {
		first, second = second, first
	}
	return first.Allowed() && !second.Allowed()
}

// attempts are the requests that a solution may stand for: one or, where variables have no text yet, one for each that may be worth trying.
func (e *excess) attempts(s solution) []attempt {
	r := s.region
	names := make([]string, len(r.v.symbols))
	for name, number := range r.v.symbols {
		names[number] = name
	}
	var attempts []attempt
	for _, values := range r.texts(s, names) {
		a := attempt{action: e.class.cells[0].service + ":" + e.class.cells[0].name, resource: s.cell.word.substitute(values), keys: map[string]known{}, who: e.who}
		if e.who.stance != nil {
			a.resource = roleResource(e.who.principal.Account)
		}
		set := func(key string, k known) { a.keys[e.m.spell([]string{key})[0]] = k }
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
		for key, k := range e.m.known {
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

// texts are the values of the variables that are worth trying: what the solution has for them, ordinary names, and texts from the documents.
func (r *region) texts(s solution, names []string) [][]string {
	tried := [][]string{nil}
	for i, name := range names {
		choices := append([]string{"alice", "bob", "carol", "dave"}[i%4:i%4+1], "", "a/b", "*")
		choices = append(choices, r.pieces...)
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
		if i == 0 || a.who.stance != nil || len(parts) < 6 || parts[i] == ordinary || (i == 3 || i == 4) && parts[i] == "" {
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
	if a.who.stance == nil && !e.statement.view.Resource.Not {
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
		w.cases[i] = a.simulation([]string{"first", "second"}[i], e.sides[i].document)
	}
	return w
}

// simulation is the attempt as a case. What decide asks and what the case says is the same.
func (a attempt) simulation(id string, document *policy.Document) simulation {
	request := a.request()
	s := simulation{ID: id, Request: asked{Principal: request.Principal.ARN, Action: request.Action, Resource: request.Resource, Context: map[string]any{}}}
	if request.Principal.Type == policy.Anonymous {
		s.Request.Principal = map[string]string{"type": "Anonymous"}
	}
	for key, k := range a.keys {
		s.Request.Context[key] = append([]string{}, k.values...)
		if !k.list {
			s.Request.Context[key] = k.values[0]
		}
	}
	text := compact(document.String())
	s.Policies.Identity = []json.RawMessage{}
	switch {
	case a.who.stance == nil:
		s.Policies.Identity = []json.RawMessage{text}
		if a.isSTS() {
			s.Policies.Resource = json.RawMessage(delegating(request.Principal.Account))
		}
		return s
	case a.who.stance.identity:
		s.Policies.Identity = []json.RawMessage{json.RawMessage(allowEverything)}
	}
	switch a.who.stance.boundary {
	case boundaryAll:
		s.Policies.Boundary = &[]json.RawMessage{json.RawMessage(allowEverything)}
	case boundaryNone:
		s.Policies.Boundary = &[]json.RawMessage{}
	}
	s.Policies.Resource = text
	return s
}

func compact(text string) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return json.RawMessage(text)
	}
	return out.Bytes()
}
