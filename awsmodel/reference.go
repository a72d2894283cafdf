package awsmodel

import (
	_ "embed"
	"sort"
	"strings"
	"sync"

	"github.com/openirsa/openirsa/policy"
)

// referenceTable is what the generate folder makes of the Service Authorization Reference; reference_table.go knows its form.
//
//go:embed reference.bin
var referenceTable string

// Reference is AWS's Service Authorization Reference as a table: every service's actions with their access level, resource types,
// condition keys and dependent actions, and every condition key with its type
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
//
// It does not know which claims an OIDC provider of the caller's own has: of federation keys only those that AWS's tables list are found
// (accounts.google.com:aud, token.actions.githubusercontent.com:repository), never <issuer>:sub.
//
// Services are decoded when they are first asked for, and kept. It is safe for concurrent use. What it returns is shared and must not
// be changed.
type Reference struct {
	source   string
	chapters []chapter
	parts    []part   // ascending by prefix
	patterns sync.Map // of the forms of ARNs in it, by their text
}

// NewReference opens the table that is built in. Its checksum is verified here, so that a damaged binary is an error now and not a
// wrong answer later.
func NewReference() (*Reference, error) { return ParseReference(referenceTable) }

// Source says what the table was made from: a package with its version.
func (r *Reference) Source() string { return r.source }

// Services returns every service prefix in lower case, ascending.
func (r *Reference) Services() []string {
	services := make([]string, 0, len(r.parts))
	for i := range r.parts {
		if r.parts[i].prefix != commonPrefix {
			services = append(services, r.parts[i].prefix)
		}
	}
	return services
}

// Service tells whether prefix, in any case, is a service's.
func (r *Reference) Service(prefix string) bool {
	prefix = lower(prefix)
	_, known := r.find(prefix)
	return known && prefix != commonPrefix
}

// Action finds an action by its full name (service:Name) in any case.
func (r *Reference) Action(name string) (policy.ActionEntry, bool) {
	name = lower(name)
	prefix, _, _ := strings.Cut(name, ":")
	if s := r.service(prefix); s != nil {
		if i, known := s.byName[name]; known {
			return s.actions[i], true
		}
	}
	return policy.ActionEntry{}, false
}

// Actions returns all actions of a service, whose prefix may be in any case, ascending by name. They must not be changed.
func (r *Reference) Actions(prefix string) []policy.ActionEntry {
	if s := r.service(lower(prefix)); s != nil {
		return s.actions
	}
	return nil
}

// Key finds a condition key in any case: a service's, a global one, or one of federation that AWS lists. A key with a part to fill in
// is found by any name that fills it: aws:RequestTag/team is aws:RequestTag/${TagKey}.
func (r *Reference) Key(name string) (policy.KeyEntry, bool) {
	name = lower(name)
	prefix, _, qualified := strings.Cut(name, ":")
	if !qualified {
		return policy.KeyEntry{}, false
	}
	s := r.service(prefix)
	if s == nil {
		s = r.service(commonPrefix)
	}
	if s == nil {
		return policy.KeyEntry{}, false
	}
	return s.key(name)
}

// WildcardOnly tells whether the action (service:Name, in any case) is known to have no resource-level permissions, so that its requests
// are about "*". Of an action that the table does not know it is false.
func (r *Reference) WildcardOnly(action string) bool {
	entry, known := r.Action(action)
	return known && entry.WildcardOnly()
}

// service decodes a part on first use; nil if there is none. A part that passed the checksum and still does not decode cannot come out
// of the generator, which calls Check; nothing is known of such a service.
func (r *Reference) service(prefix string) *service {
	i, known := r.find(prefix)
	if !known {
		return nil
	}
	s, err := r.decode(i)
	if err != nil {
		return nil
	}
	return s
}

func (r *Reference) find(prefix string) (int, bool) {
	return sort.Find(len(r.parts), func(i int) int { return strings.Compare(prefix, r.parts[i].prefix) })
}

// lower folds ASCII only: names in the table have no other letters, and nothing else may become one of them.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
