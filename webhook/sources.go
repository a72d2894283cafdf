package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	// maxRoles is the most that a ConfigMap holds (https://kubernetes.io/docs/concepts/configuration/configmap/), in
	// bytes.
	maxRoles = 1 << 20
	// maxContainerAccounts bounds the container-credentials file, in bytes: over 100,000 accounts.
	maxContainerAccounts = 16 << 20
)

// everyNamespace stands for any namespace in a key of Roles.
const everyNamespace = "*"

// AccountRole is what a ConfigMap says of an account.
type AccountRole struct {
	ARN         string
	Audience    string // empty: the default
	RegionalSTS bool
	Expiration  int64 // of the token, in seconds; 0: the default
}

func (r AccountRole) expiration(settings Settings) int64 {
	if r.Expiration == 0 {
		return settings.Expiration
	}
	return max(r.Expiration, minExpiration)
}

// Roles are accounts' roles by "namespace/name", or "*/name" for every namespace.
type Roles map[string]AccountRole

func (r Roles) find(namespace, name string) (AccountRole, bool) {
	if len(r) == 0 {
		return AccountRole{}, false
	}
	if role, ok := r[namespace+"/"+name]; ok {
		return role, true
	}
	role, ok := r[everyNamespace+"/"+name]
	return role, ok
}

// ParseRoles reads the key "config" of the ConfigMap pod-identity-webhook:
// {"ns/sa":{"RoleARN","Audience","UseRegionalSTS","TokenExpiration"}}. Empty text is no role at all. It fails with a
// SyntaxError; members that it does not know are left alone, as the peer does.
func ParseRoles(text []byte) (Roles, error) {
	s := &scanner{data: text}
	if len(text) > maxRoles {
		return nil, s.fail("%d bytes, of at most %d", len(text), maxRoles)
	}
	if s.next() == 0 && s.at == len(text) {
		return nil, nil
	}
	roles := Roles{}
	err := s.object(func(key []byte) error {
		at := s.key
		name := string(key)
		namespace, account, _ := strings.Cut(name, "/")
		if namespace == "" || account == "" || strings.Contains(account, "/") {
			return s.failAt(at, "the key %q is not namespace/serviceaccount", name)
		}
		if _, twice := roles[name]; twice {
			return s.failAt(at, "the key %q appears twice", name)
		}
		var entry struct {
			RoleARN         string
			Audience        string
			UseRegionalSTS  bool
			TokenExpiration int64
		}
		if err := s.decode(&entry); err != nil {
			return err
		}
		roles[name] = AccountRole{entry.RoleARN, entry.Audience, entry.UseRegionalSTS, entry.TokenExpiration}
		return nil
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	return roles, nil
}

// ContainerAccounts are the accounts whose pods get container credentials.
type ContainerAccounts map[containerAccount]struct{}

type containerAccount struct{ namespace, name string }

// Has tells whether an account is among them.
func (c ContainerAccounts) Has(namespace, name string) bool {
	_, has := c[containerAccount{namespace, name}]
	return has
}

// ParseContainerCredentials reads {"identities":[{"namespace","serviceAccount"}]}. Empty text, and null, are no account at
// all; white space alone is not JSON. It fails with a SyntaxError.
func ParseContainerCredentials(text []byte) (ContainerAccounts, error) {
	s := &scanner{data: text}
	if len(text) > maxContainerAccounts {
		return nil, s.fail("%d bytes, of at most %d", len(text), maxContainerAccounts)
	}
	if len(text) == 0 {
		return nil, nil
	}
	accounts := ContainerAccounts{}
	var err error
	if !s.null() {
		err = s.identities(accounts)
	}
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	return accounts, nil
}

func (s *scanner) identities(into ContainerAccounts) error {
	var seen uint32
	return s.object(func(key []byte) error {
		if !strings.EqualFold(string(key), "identities") { // encoding/json, by which the peer reads, minds no case
			return s.skip()
		}
		return s.nullable(&seen, 1, key, func() error {
			return s.array(func(int) error {
				s.next()
				at := s.at
				var identity struct{ Namespace, ServiceAccount string }
				if err := s.decode(&identity); err != nil {
					return err
				}
				if identity.Namespace == "" || identity.ServiceAccount == "" {
					return s.failAt(at, "an identity needs a namespace and a serviceAccount")
				}
				into[containerAccount{identity.Namespace, identity.ServiceAccount}] = struct{}{}
				return nil
			})
		})
	})
}

// decode takes an object into a struct. The scanner has read the text by then, so that encoding/json finds types to
// complain of alone.
func (s *scanner) decode(into any) error {
	if s.next() != '{' {
		return s.fail("an object was expected")
	}
	at := s.at
	raw, err := s.raw()
	if err != nil {
		return err
	}
	err = json.Unmarshal(raw, into)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return s.failAt(at+int(wrong.Offset), "%s holds a %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		return s.failAt(at, "%v", fmt.Errorf("reading the object: %w", err))
	}
	return nil
}
