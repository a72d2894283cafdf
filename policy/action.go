package policy

import "strings"

// actionPattern is one entry of Action or NotAction, ready to match. Actions are compared without case, prefix included
// (IAM User Guide, "IAM JSON policy elements: Action").
type actionPattern struct {
	every   bool   // "*" or "*:*"
	lowered string // as written, in lower case
	service string // lower case
	name    string // lower case
	glob    glob   // the name, if it has wildcards
}

// compileAction reads one entry. A service prefix must be written out: apart from "*" and "*:*" a wildcard in it is an
// error, since AWS does not accept it.
func compileAction(place place, t text) (actionPattern, *Error) {
	if t.value == "*" || t.value == "*:*" {
		return actionPattern{every: true, lowered: t.value}, nil
	}
	lowered := strings.ToLower(t.value)
	service, name, ok := strings.Cut(lowered, ":")
	switch {
	case !ok:
		return actionPattern{}, place.errorf(t.offset, noVendor, `action %q has no service prefix (service:Name, or "*")`, t.value)
	case strings.Contains(name, ":"):
		return actionPattern{}, place.errorf(t.offset, manyColons, "action %q has more than one colon", t.value)
	case service == "" || !onlyActionCharacters(service, "-."):
		return actionPattern{}, place.errorf(t.offset, both(stageAction, "Vendor %s is not valid", service),
			"action %q: a service prefix is letters, digits, - and ., without wildcards", t.value)
	case name == "" || !onlyActionCharacters(name, "-._*?"):
		return actionPattern{}, place.errorf(t.offset, badSyntax, "action %q: a name is letters, digits, wildcards, -, _ and .", t.value)
	}
	pattern := actionPattern{lowered: lowered, service: service, name: name}
	if strings.ContainsAny(name, "*?") {
		pattern.glob = parseWildcards(name)
	}
	return pattern, nil
}

// assumesRole tells whether the pattern matches one of the actions that a role's trust policy decides (Service Authorization Reference, "Actions,
// resources, and condition keys for AWS Security Token Service": those on the resource type role).
func (p *actionPattern) assumesRole() bool {
	if p.service != "sts" {
		return false
	}
	for _, name := range [...]string{"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "TagSession", "SetSourceIdentity", "SetContext"} {
		if p.match(&action{text: "sts:" + name, service: "sts", name: name}, unlimited()) {
			return true
		}
	}
	return false
}

func onlyActionCharacters(text, more string) bool {
	for i := range len(text) {
		c := text[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(more, c) >= 0) {
			return false
		}
	}
	return true
}

// action is a request's action, taken apart. It is compared as it stands: lowering it would cost a copy per request.
type action struct {
	text    string // service:name; empty if the request's action is not of that form, which nothing matches
	service string
	name    string
	hash    uint64 // of text in lower case
	prefix  uint64 // of service in lower case
}

// read takes text apart. Where it is no action, a stays empty.
func (a *action) read(text string) {
	colon := strings.IndexByte(text, ':')
	if colon <= 0 || colon == len(text)-1 || strings.IndexByte(text[colon+1:], ':') >= 0 {
		return
	}
	a.text, a.service, a.name, a.hash, a.prefix = text, text[:colon], text[colon+1:], hash(text), hash(text[:colon])
}

// hash is the same of texts that differ in the case of ASCII letters only: FNV-1a's step, eight bytes at a time, without the bit that tells upper
// from lower case. Collisions are harmless, since what the index finds is compared.
func hash(text string) uint64 {
	const seed, prime, fold = 14695981039346656037, 1099511628211, 0x2020202020202020
	h := uint64(seed)
	for len(text) >= 8 {
		word := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		h = (h ^ (word | fold)) * prime
		h ^= h >> 32
		text = text[8:]
	}
	rest := uint64(len(text))
	for i := range len(text) {
		rest = rest<<8 | uint64(text[i]|0x20)
	}
	h = (h ^ rest) * prime
	return h ^ h>>32
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// hasPrefix tells whether text begins with prefix. fold: prefix is in lower case, and ASCII letters of text count as such.
func hasPrefix(text, prefix string, fold bool) bool {
	if !fold {
		return strings.HasPrefix(text, prefix)
	}
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(text[i]) != prefix[i] {
			return false
		}
	}
	return true
}

func equalFold(text, lowered string) bool {
	return len(text) == len(lowered) && hasPrefix(text, lowered, true)
}

func (p *actionPattern) match(a *action, w *work) bool {
	switch w.spend(1); {
	case a.text == "":
		return false
	case p.every:
		return true
	case !equalFold(a.service, p.service):
		return false
	case p.glob == nil:
		return equalFold(a.name, p.name)
	}
	return p.glob.match(a.name, true, w)
}
