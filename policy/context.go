package policy

import (
	"iter"
	"slices"
	"strings"
)

// Context holds a request's condition keys. Names are compared without case, tag keys in them included. The zero value is
// empty and ready. A Context that is read by several goroutines must not be changed.
type Context struct {
	keys  []contextEntry
	index map[string]int // of keys, once they are many
}

type contextEntry struct {
	name   string // lower case
	shown  string // as it was given
	values []string
	list   bool
}

// manyKeys is from where on a map finds a key faster than looking at each.
const manyKeys = 24

// Set gives key one single value, replacing what it had.
func (c *Context) Set(key, value string) {
	c.put(contextEntry{name: strings.ToLower(key), shown: key, values: []string{value}})
}

// SetList makes key multivalued, whatever the number of values. Without values it is as if the key were absent.
func (c *Context) SetList(key string, values ...string) {
	c.put(contextEntry{name: strings.ToLower(key), shown: key, values: slices.Clone(values), list: true})
}

func (c *Context) put(entry contextEntry) {
	if i := c.find(entry.name); i >= 0 {
		c.keys[i] = entry
		return
	}
	c.keys = append(c.keys, entry)
	switch {
	case c.index != nil:
		c.index[entry.name] = len(c.keys) - 1
	case len(c.keys) > manyKeys:
		c.index = make(map[string]int, 2*manyKeys)
		for i := range c.keys {
			c.index[c.keys[i].name] = i
		}
	}
}

// find is the place of a key whose name is in lower case, or -1.
func (c *Context) find(name string) int {
	if c.index != nil {
		if i, ok := c.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range c.keys {
		if c.keys[i].name == name {
			return i
		}
	}
	return -1
}

// Get returns key's values. The caller must not change them.
func (c *Context) Get(key string) (values []string, ok bool) {
	if c == nil {
		return nil, false
	}
	if i := c.find(strings.ToLower(key)); i >= 0 {
		return c.keys[i].values, true
	}
	return nil, false
}

// All are the keys, named as they were set, with their values, in the order in which they were first set. The values must
// not be changed.
func (c *Context) All() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if c == nil {
			return
		}
		for _, entry := range c.keys {
			if !yield(entry.shown, entry.values) {
				return
			}
		}
	}
}

// Clone returns an independent copy. Of a nil Context it is an empty one.
func (c *Context) Clone() *Context {
	clone := &Context{}
	if c != nil {
		for _, entry := range c.keys { // the values are never changed in place, so both may hold them
			clone.put(entry)
		}
	}
	return clone
}

// contextKey is a condition key as a compiled policy asks for it.
type contextKey struct {
	name    string // lower case
	derived derivedKey
}

// derivedKey tells which key of a request follows from its principal or resource (IAM User Guide, "AWS global condition
// context keys" and "Where you can use policy variables": the table of principal key values).
type derivedKey uint8

const (
	notDerived derivedKey = iota
	derivedPrincipalARN
	derivedPrincipalAccount
	derivedPrincipalType
	derivedPrincipalIsAWSService
	derivedPrincipalServiceName
	derivedUserID
	derivedUsername
	derivedResourceAccount
	derivedFederatedProvider
)

var derivedKeys = map[string]derivedKey{
	"aws:principalarn":          derivedPrincipalARN,
	"aws:principalaccount":      derivedPrincipalAccount,
	"aws:principaltype":         derivedPrincipalType,
	"aws:principalisawsservice": derivedPrincipalIsAWSService,
	"aws:principalservicename":  derivedPrincipalServiceName,
	"aws:userid":                derivedUserID,
	"aws:username":              derivedUsername,
	"aws:resourceaccount":       derivedResourceAccount,
	"aws:federatedprovider":     derivedFederatedProvider,
}

func newContextKey(name string) *contextKey {
	lower := strings.ToLower(name)
	return &contextKey{name: lower, derived: derivedKeys[lower]}
}

// found is what a request has for a key.
type found struct {
	value  string   // of a single-valued key
	values []string // of a multivalued key
	list   bool
	ok     bool // false: the key is absent
}

// lookup finds a key in the request: as given, else derived. A list without values counts as absent, as AWS leaves
// such a key out of the request.
func (e *evaluation) lookup(key *contextKey) found {
	if e.request.Context != nil {
		if i := e.request.Context.find(key.name); i >= 0 {
			entry := &e.request.Context.keys[i]
			if entry.list {
				return found{values: entry.values, list: true, ok: len(entry.values) > 0}
			}
			return found{value: entry.values[0], ok: true}
		}
	}
	if key.derived == notDerived {
		return found{}
	}
	e.left.spend(len(e.request.Principal.ARN) / readPerStep)
	value := e.derive(key.derived)
	return found{value: value, ok: value != ""}
}

// derive is a derived key's value, or "" where the principal has none. Callers without AWS credentials (web identities,
// services, anonymous ones) have no principal keys but those that AWS documents for them.
func (e *evaluation) derive(key derivedKey) string {
	p := &e.request.Principal
	switch key {
	case derivedPrincipalARN:
		return p.principalARN()
	case derivedPrincipalAccount:
		return p.principalAccount()
	case derivedPrincipalType:
		return p.principalType()
	case derivedPrincipalIsAWSService:
		switch {
		case p.Type == Service:
			return "true"
		case p.hasCredentials():
			return "false"
		}
	case derivedPrincipalServiceName:
		if p.Type == Service {
			return p.ARN
		}
	case derivedUserID:
		return p.userID()
	case derivedUsername:
		return p.username()
	case derivedResourceAccount:
		if account := e.knownResourceAccount(); account != "" {
			return account
		}
		return p.Account // of a request about no resource in particular, the caller's own
	case derivedFederatedProvider:
		if p.Type == WebIdentity {
			return p.ARN
		}
	}
	return ""
}

// variable is the value that stands for a variable: the key's if it is single-valued, else the variable's default. An
// empty value is none, so that bucket/${aws:PrincipalTag/team}* is never bucket/*.
func (e *evaluation) variable(p *piece) (string, bool) {
	if has := e.lookup(p.key); has.ok && !has.list && has.value != "" {
		return has.value, true
	}
	if p.fallback != nil {
		return *p.fallback, true
	}
	return "", false
}
