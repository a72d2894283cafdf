package policy

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Context holds a request's condition keys. Names are compared without case, tag keys in them included. The zero value is
// empty and ready. A Context that is read by several goroutines must not be changed.
type Context struct {
	base  *Context // has the keys that are not among these; nil: there are no others
	keys  []contextEntry
	index map[string]int // of keys by their names in lower case, once they are many
}

type contextEntry struct {
	name   string   // as comparableName makes it
	shown  string   // as it was given
	value  string   // of a single-valued key
	values []string // of a multivalued key, which has nil never
}

// manyKeys is from where on a map finds a key faster than looking at each.
const manyKeys = 24

// Extend returns a Context that has c's keys and is ready to be given others, for about so many of which it has room; what it is given goes before what
// c has. c, which may be nil, is not copied but shared, by as many as there are requests of one session: from here on it must not be changed.
func (c *Context) Extend(room int) *Context {
	return &Context{base: c, keys: make([]contextEntry, 0, room)}
}

// Set gives key one single value, replacing what it had.
func (c *Context) Set(key, value string) {
	c.put(contextEntry{name: comparableName(key), shown: key, value: value})
}

// SetList makes key multivalued, whatever the number of values. Without values it is as if the key were absent.
func (c *Context) SetList(key string, values ...string) {
	c.put(contextEntry{name: comparableName(key), shown: key, values: append([]string{}, values...)})
}

func (c *Context) put(entry contextEntry) {
	if own := c.own(entry.name, ""); own != nil {
		*own = entry
		return
	}
	c.keys = append(c.keys, entry)
	switch {
	case c.index != nil:
		c.index[strings.ToLower(entry.name)] = len(c.keys) - 1
	case len(c.keys) > manyKeys:
		c.index = make(map[string]int, 2*manyKeys)
		for i := range c.keys {
			c.index[strings.ToLower(c.keys[i].name)] = i
		}
	}
}

// find is the entry of a key, by the name that comparableName made and by that name in lower case, which may be "" where it is not known; nil if there
// is none.
func (c *Context) find(name, lower string) *contextEntry {
	for ; c != nil; c = c.base {
		if entry := c.own(name, lower); entry != nil {
			return entry
		}
	}
	return nil
}

// own is find without what c was extended from.
func (c *Context) own(name, lower string) *contextEntry {
	if c.index != nil {
		if lower == "" {
			lower = strings.ToLower(name)
		}
		if i, ok := c.index[lower]; ok {
			return &c.keys[i]
		}
		return nil
	}
	for i := range c.keys {
		if entry := &c.keys[i]; len(entry.name) == len(name) && (entry.name == name || sameLetters(entry.name, name)) {
			return entry
		}
	}
	return nil
}

// comparableName is what names are compared by, so that comparing takes no memory: a name of ASCII letters as it is, for sameLetters, and any other in
// lower case.
func comparableName(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return strings.ToLower(name)
		}
	}
	return name
}

// sameLetters tells whether two names of the same length differ in nothing but the case of ASCII letters. Names of keys differ at their ends first.
func sameLetters(a, b string) bool {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] == b[i] {
			continue
		}
		if lower := a[i] | 0x20; a[i]^b[i] != 0x20 || lower < 'a' || 'z' < lower {
			return false
		}
	}
	return true
}

// all are the values, in memory that no later change reaches.
func (e *contextEntry) all() []string {
	if e.values == nil {
		return []string{e.value}
	}
	return e.values
}

// Get returns key's values. The caller must not change them.
func (c *Context) Get(key string) (values []string, ok bool) {
	if entry := c.find(comparableName(key), ""); entry != nil {
		return entry.all(), true
	}
	return nil, false
}

// All are the keys, named as they were set last, with their values: first those that c was extended from, each in the order in which they were first
// set. The values must not be changed.
func (c *Context) All() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) { c.each(c, yield) }
}

// each yields what top has for the keys of c.
func (c *Context) each(top *Context, yield func(string, []string) bool) bool {
	if c == nil {
		return true
	}
	if !c.base.each(top, yield) {
		return false
	}
	for i := range c.keys {
		name := c.keys[i].name
		if c.base.find(name, "") != nil {
			continue // it was its turn before
		}
		if entry := top.find(name, ""); !yield(entry.shown, entry.all()) {
			return false
		}
	}
	return true
}

// contextKey is a condition key as a compiled policy asks for it.
type contextKey struct {
	name    string // as comparableName makes it
	lower   string
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
	return &contextKey{name: comparableName(name), lower: lower, derived: derivedKeys[lower]}
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
	if entry := e.request.Context.find(key.name, key.lower); entry != nil {
		if entry.values != nil {
			return found{values: entry.values, list: true, ok: len(entry.values) > 0}
		}
		return found{value: entry.value, ok: true}
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
