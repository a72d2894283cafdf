package iam

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// Records, one per entity:
//
//	account/<id>/account                       the account itself
//	account/<id>/role/<lower-case name>        a role with its trust policy, inline policies and attachments
//	account/<id>/policy/<lower-case name>      a managed policy with its versions
//	account/<id>/provider/<lower-case URL>     an OIDC provider with its inline keys
//	account/<id>/cluster/<region>/<name>       a cluster
//	account/<id>/addon/<region>/<cluster>/<name>  an add-on of a cluster
//	sealed/account/<id>/access-key/<key id>    an access key's secret
//
// The account's own record sorts first among the account's. Every write of an account renews it, on condition of its revision: so writes to
// one account have one order, whoever makes them, and what spans records (unique names, quotas, no policy deleted while it is attached)
// cannot be broken by two of them.
const (
	accountsPrefix = "account/"
	kindAccount    = "account"
	kindRole       = "role"
	kindPolicy     = "policy"
	kindProvider   = "provider"
	kindCluster    = "cluster"
	kindAddon      = "addon"
	kindKey        = "access-key"

	// schema of the records' values. A later one is refused, not guessed at.
	schema = 1
)

func recordKey(account, kind, name string) string {
	key := accountsPrefix + account + "/" + kind
	if kind == kindKey {
		key = SealedPrefix + key
	}
	if name != "" {
		key += "/" + name
	}
	return key
}

// splitKey is recordKey's inverse. The account is "" for keys of other making.
func splitKey(key string) (account, kind, name string) {
	key, _ = strings.CutPrefix(key, SealedPrefix)
	key, ours := strings.CutPrefix(key, accountsPrefix)
	if !ours {
		return "", "", ""
	}
	account, key, _ = strings.Cut(key, "/")
	kind, name, _ = strings.Cut(key, "/")
	return account, kind, name
}

// envelope is every record's value.
type envelope[T any] struct {
	Schema int `json:"schema"`
	Data   T   `json:"data"`
}

// The stored forms.
type (
	accountRecord struct {
		Created time.Time `json:"created"`
	}
	roleRecord struct {
		Role
		PrincipalIDs map[string]string `json:"principalIDs,omitempty"`
	}
	policyRecord struct {
		ManagedPolicy
		Versions []PolicyVersion `json:"versions"`
		Next     int             `json:"next"`
	}
	keyRecord struct {
		Secret string `json:"secret"`
	}
)

func encode[T any](data T) ([]byte, error) {
	return json.Marshal(envelope[T]{Schema: schema, Data: data})
}

func decode[T any](r Record) (T, error) {
	var e envelope[T]
	if err := json.Unmarshal(r.Value, &e); err != nil {
		return e.Data, fmt.Errorf("reading record %s: %w", r.Key, err)
	}
	if e.Schema != schema {
		return e.Data, fmt.Errorf("reading record %s: schema %d is not known", r.Key, e.Schema)
	}
	return e.Data, nil
}

// install puts a record into the snapshot, or takes it out when its value is nil. It is how a snapshot is loaded and how a write gets into
// the next one. Records that previous (may be nil) has at the same revision are taken over as they are, policies of others as far as their
// documents are the same.
func (a *Account) install(r Record, previous *Account) error {
	if previous == nil {
		previous = &Account{}
	}
	account, kind, name := splitKey(r.Key)
	if account != a.id {
		return nil // a batch may reach beyond the account: CreateAccount's does
	}
	switch kind {
	case kindAccount:
		record, err := decode[accountRecord](r)
		a.created, a.generation = record.Created, r.Revision
		return err
	case kindRole:
		return a.installRole(name, r, previous.roles[name])
	case kindPolicy:
		return put(a.policies, name, r, previous.policies[name], (*policyEntry).at, a.readPolicy)
	case kindProvider:
		return put(a.providers, name, r, previous.providers[name], (*providerEntry).at, a.readProvider)
	case kindCluster:
		return put(a.clusters, name, r, previous.clusters[name], (*clusterEntry).at, a.readCluster)
	case kindAddon:
		return put(a.addons, name, r, previous.addons[name], (*addonEntry).at, a.readAddon)
	case kindKey:
		return put(a.keys, name, r, previous.keys[name], (*keyEntry).at, a.readKey)
	}
	return fmt.Errorf("reading record %s: its kind is not known", r.Key)
}

func (e *roleEntry) at() int64     { return e.revision }
func (e *policyEntry) at() int64   { return e.revision }
func (e *providerEntry) at() int64 { return e.revision }
func (e *keyEntry) at() int64      { return e.revision }

// put is install for one kind.
func put[E any](entries map[string]*E, name string, r Record, old *E, at func(*E) int64, read func(name string, r Record, old *E) (*E, error)) error {
	if r.Value == nil {
		delete(entries, name)
		return nil
	}
	if old == nil || at(old) != r.Revision {
		entry, err := read(name, r, old)
		if err != nil {
			return err
		}
		old = entry
	}
	entries[name] = old
	return nil
}

func (a *Account) installRole(name string, r Record, old *roleEntry) error {
	if current, ok := a.roles[name]; ok {
		delete(a.roleIDs, current.role.ID)
	}
	if err := put(a.roles, name, r, old, (*roleEntry).at, a.readRole); err != nil {
		return err
	}
	if entry, ok := a.roles[name]; ok {
		a.roleIDs[entry.role.ID] = entry
	}
	return nil
}

func (a *Account) readRole(_ string, r Record, old *roleEntry) (*roleEntry, error) {
	record, err := decode[roleRecord](r)
	if err != nil {
		return nil, err
	}
	e := &roleEntry{revision: r.Revision, role: record.Role, principalIDs: record.PrincipalIDs, inline: make(map[string]program, len(record.Inline))}
	e.role.Account, e.role.ARN = a.id, a.arn("role"+e.role.Path+e.role.Name)
	same := old != nil && old.role.ID == e.role.ID
	if same && old.role.TrustPolicy == e.role.TrustPolicy && maps.Equal(old.principalIDs, e.principalIDs) {
		e.trust = old.trust
	} else {
		ids := e.principalIDs
		if ids == nil {
			ids = map[string]string{} // nil would have the engine compare by ARN
		}
		e.trust = compile("trust policy of "+e.role.ARN, e.role.TrustPolicy, policy.Options{Kind: policy.Trust, PrincipalIDs: ids})
	}
	for name, document := range e.role.Inline {
		if same && old.role.Inline[name] == document && old.inline[name] != nil {
			e.inline[name] = old.inline[name]
		} else {
			e.inline[name] = compile(name, document, policy.Options{Kind: policy.Identity})
		}
	}
	return e, nil
}

func (a *Account) readPolicy(_ string, r Record, old *policyEntry) (*policyEntry, error) {
	record, err := decode[policyRecord](r)
	if err != nil {
		return nil, err
	}
	e := &policyEntry{revision: r.Revision, policy: record.ManagedPolicy, versions: record.Versions, next: record.Next}
	e.policy.Account, e.policy.ARN = a.id, a.arn("policy"+e.policy.Path+e.policy.Name)
	i := slices.IndexFunc(e.versions, func(v PolicyVersion) bool { return v.VersionID == e.policy.DefaultVersionID })
	if i < 0 {
		return nil, fmt.Errorf("reading record %s: default version %q is missing", r.Key, e.policy.DefaultVersionID)
	}
	e.versions[i].IsDefault = true
	e.program = compile(e.policy.ARN, e.versions[i].Document, policy.Options{Kind: policy.Identity})
	if old != nil && old.policy.ARN == e.policy.ARN && old.defaultDocument() == e.versions[i].Document {
		e.program = old.program
	}
	return e, nil
}

func (e *policyEntry) defaultDocument() string {
	for _, v := range e.versions {
		if v.IsDefault {
			return v.Document
		}
	}
	return ""
}

func (a *Account) readProvider(_ string, r Record, _ *providerEntry) (*providerEntry, error) {
	provider, err := decode[OpenIDConnectProvider](r)
	if err != nil {
		return nil, err
	}
	provider.URL = strings.TrimPrefix(provider.Issuer, "https://")
	provider.Account, provider.ARN = a.id, a.arn("oidc-provider/"+provider.URL)
	return &providerEntry{revision: r.Revision, provider: provider}, nil
}

func (a *Account) readKey(name string, r Record, _ *keyEntry) (*keyEntry, error) {
	record, err := decode[keyRecord](r)
	if err != nil {
		return nil, err
	}
	return &keyEntry{revision: r.Revision, key: AccessKey{ID: name, Secret: record.Secret, Account: a.id}}, nil
}

// providerName is an issuer's name among the account's providers. Condition keys are compared without case, so issuers that differ in
// case only are not told apart either.
func providerName(issuer string) string {
	return strings.ToLower(strings.TrimPrefix(issuer, "https://"))
}
