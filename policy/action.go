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

func newAction(text string) action {
	var a action
	a.hash = hashSeed
	for i := range len(text) {
		if text[i] == ':' {
			if a.text != "" {
				return action{}
			}
			a.text, a.service, a.name, a.prefix = text, text[:i], text[i+1:], a.hash
		}
		a.hash = hashStep(a.hash, text[i])
	}
	if a.service == "" || a.name == "" {
		return action{}
	}
	return a
}

// hash is FNV-1a of text in lower case. Collisions are harmless, since what the index finds is compared.
func hash(text string) uint64 {
	h := uint64(hashSeed)
	for i := range len(text) {
		h = hashStep(h, text[i])
	}
	return h
}

const hashSeed = 14695981039346656037

func hashStep(h uint64, c byte) uint64 { return (h ^ uint64(lower(c))) * 1099511628211 }

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
