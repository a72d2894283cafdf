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
//	account/<id>/account                            the account itself
//	account/<id>/role/<lower-case name>             a role with its trust policy, inline policies and attachments
//	account/<id>/user/<lower-case name>             a user with its inline policies, attachments and groups
//	account/<id>/group/<lower-case name>            a group with its inline policies and attachments
//	account/<id>/instance-profile/<lower-case name> an instance profile
//	account/<id>/policy/<lower-case name>           a managed policy with its versions
//	account/<id>/provider/<lower-case URL>          an OIDC provider with its inline keys
//	account/<id>/cluster/<region>/<name>            a cluster
//	account/<id>/addon/<region>/<cluster>/<name>    an add-on of a cluster
//	account/<id>/resource/<ARN>                     the policy and the tags of another service's resource
//	sealed/account/<id>/access-key/<key id>         an access key's secret
//	alias/<alias>                                   the account that has an alias, which is unique among all
//
// The account's own record sorts first among the account's. Every write of an account renews it, on condition of its revision: so writes to
// one account have one order, whoever makes them, and what spans records (unique names, quotas, no policy deleted while it is attached)
// cannot be broken by two of them.
const (
	accountsPrefix = "account/"
	aliasesPrefix  = "alias/"
	kindAccount    = "account"
	kindRole       = "role"
	kindUser       = "user"
	kindGroup      = "group"
	kindProfile    = "instance-profile"
	kindPolicy     = "policy"
	kindProvider   = "provider"
	kindCluster    = "cluster"
	kindAddon      = "addon"
	kindResource   = "resource"
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

// The stored forms. Users, groups, instance profiles and providers are stored as they are.
type (
	accountRecord struct {
		Created time.Time `json:"created"`
		Alias   string    `json:"alias,omitempty"`
		Closed  time.Time `json:"closed,omitzero"` // an account is closed for good, and its records stay
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
		Secret   string    `json:"secret"`
		UserID   string    `json:"user,omitempty"`
		Inactive bool      `json:"inactive,omitempty"`
		Created  time.Time `json:"created,omitzero"`
	}
	aliasRecord struct {
		Account string `json:"account"`
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
		return nil // a batch may reach beyond the account: CreateAccount's and CreateAccountAlias' do
	}
	switch kind {
	case kindAccount:
		record, err := decode[accountRecord](r)
		a.record, a.generation = record, r.Revision
		return err
	case kindRole:
		return putByID(a.roles, a.roleIDs, name, r, previous.roles[name], (*roleEntry).common, a.readRole)
	case kindUser:
		return putByID(a.users, a.userIDs, name, r, previous.users[name], (*userEntry).common, a.readUser)
	case kindGroup:
		return putByID(a.groups, a.groupIDs, name, r, previous.groups[name], (*groupEntry).common, a.readGroup)
	case kindProfile:
		return put(a.profiles, name, r, previous.profiles[name], (*profileEntry).at, a.readProfile)
	case kindPolicy:
		return put(a.policies, name, r, previous.policies[name], (*policyEntry).at, a.readPolicy)
	case kindProvider:
		return put(a.providers, name, r, previous.providers[name], (*providerEntry).at, a.readProvider)
	case kindCluster:
		return put(a.clusters, name, r, previous.clusters[name], (*clusterEntry).at, a.readCluster)
	case kindAddon:
		return put(a.addons, name, r, previous.addons[name], (*addonEntry).at, a.readAddon)
	case kindResource:
		return put(a.resources, name, r, previous.resources[name], (*resourceEntry).at, a.readResource)
	case kindKey:
		return put(a.keys, name, r, previous.keys[name], (*keyEntry).at, a.readKey)
	}
	return fmt.Errorf("reading record %s: its kind is not known", r.Key)
}

func (e *roleEntry) common() *identityEntry  { return &e.identityEntry }
func (e *userEntry) common() *identityEntry  { return &e.identityEntry }
func (e *groupEntry) common() *identityEntry { return &e.identityEntry }
func (e *profileEntry) at() int64            { return e.revision }
func (e *policyEntry) at() int64             { return e.revision }
func (e *providerEntry) at() int64           { return e.revision }
func (e *keyEntry) at() int64                { return e.revision }

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

// putByID is put for roles, users and groups, which are found by their unique ids as well. One that is renamed is put under its new name
// before the old one is taken out, or after: it stays where its id leads to.
func putByID[E any](entries, byID map[string]*E, name string, r Record, old *E, common func(*E) *identityEntry,
	read func(name string, r Record, old *E) (*E, error)) error {
	if current, ok := entries[name]; ok && byID[common(current).identity.ID] == current {
		delete(byID, common(current).identity.ID)
	}
	if err := put(entries, name, r, old, func(e *E) int64 { return common(e).revision }, read); err != nil {
		return err
	}
	if entry, ok := entries[name]; ok {
		byID[common(entry).identity.ID] = entry
	}
	return nil
}

// before is what an entry that may not be there has in common with others.
func before[E any](old *E, common func(*E) *identityEntry) *identityEntry {
	if old == nil {
		return nil
	}
	return common(old)
}

// readIdentity completes what roles, users and groups have in common. Programs of old (nil: none) are taken over where the documents are the same.
func (a *Account) readIdentity(kind IdentityKind, identity *Identity, revision int64, old *identityEntry) identityEntry {
	identity.Account, identity.ARN = a.id, a.arn(kind.rules().word+identity.Path+identity.Name)
	e := identityEntry{revision: revision, identity: identity, inline: make(map[string]program, len(identity.Inline))}
	for name, document := range identity.Inline {
		if old != nil && old.identity.ID == identity.ID && old.identity.Inline[name] == document && old.inline[name] != nil {
			e.inline[name] = old.inline[name]
		} else {
			e.inline[name] = compile(name, document, policy.Options{Kind: policy.Identity})
		}
	}
	return e
}

func (a *Account) readRole(_ string, r Record, old *roleEntry) (*roleEntry, error) {
	record, err := decode[roleRecord](r)
	if err != nil {
		return nil, err
	}
	e := &roleEntry{role: record.Role, principalIDs: record.PrincipalIDs}
	e.identityEntry = a.readIdentity(RoleKind, &e.role.Identity, r.Revision, before(old, (*roleEntry).common))
	if old != nil && old.role.ARN == e.role.ARN && old.role.TrustPolicy == e.role.TrustPolicy && maps.Equal(old.principalIDs, e.principalIDs) {
		e.trust = old.trust
		return e, nil
	}
	ids := e.principalIDs
	if ids == nil {
		ids = map[string]string{} // nil would have the engine compare by ARN
	}
	e.trust = compile("trust policy of "+e.role.ARN, e.role.TrustPolicy, policy.Options{Kind: policy.Trust, PrincipalIDs: ids})
	return e, nil
}

func (a *Account) readUser(_ string, r Record, old *userEntry) (*userEntry, error) {
	user, err := decode[User](r)
	if err != nil {
		return nil, err
	}
	e := &userEntry{user: user}
	e.identityEntry = a.readIdentity(UserKind, &e.user.Identity, r.Revision, before(old, (*userEntry).common))
	return e, nil
}

func (a *Account) readGroup(_ string, r Record, old *groupEntry) (*groupEntry, error) {
	group, err := decode[Group](r)
	if err != nil {
		return nil, err
	}
	e := &groupEntry{group: group}
	e.identityEntry = a.readIdentity(GroupKind, &e.group.Identity, r.Revision, before(old, (*groupEntry).common))
	return e, nil
}

func (a *Account) readProfile(_ string, r Record, _ *profileEntry) (*profileEntry, error) {
	profile, err := decode[InstanceProfile](r)
	if err != nil {
		return nil, err
	}
	profile.Account, profile.ARN = a.id, a.arn("instance-profile"+profile.Path+profile.Name)
	return &profileEntry{revision: r.Revision, profile: profile}, nil
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
	return &keyEntry{revision: r.Revision, key: AccessKey{
		ID: name, Secret: record.Secret, Account: a.id, UserID: record.UserID, Inactive: record.Inactive, Created: record.Created,
	}}, nil
}

// providerName is an issuer's name among the account's providers. Condition keys are compared without case, so issuers that differ in
// case only are not told apart either.
func providerName(issuer string) string {
	return strings.ToLower(strings.TrimPrefix(issuer, "https://"))
}
