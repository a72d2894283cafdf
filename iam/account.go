package iam

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
)

// Account is an immutable snapshot of one account. Its exported methods are for authentication and exchange only: nothing is authorized or
// recorded there. They take no locks, and compile a policy only on its first use.
type Account struct {
	id, partition string
	record        accountRecord
	revision      int64 // of the store, that this snapshot shows
	generation    int64 // of the account's own record, which every write of the account renews

	roles     map[string]*roleEntry // by lower-case name, as users, groups, instance profiles and policies
	users     map[string]*userEntry
	groups    map[string]*groupEntry
	profiles  map[string]*profileEntry
	policies  map[string]*policyEntry
	providers map[string]*providerEntry // by lower-case URL
	keys      map[string]*keyEntry      // by access key id
	clusters  map[string]*clusterEntry  // by region/name
	addons    map[string]*addonEntry    // by region/cluster/name
	resources map[string]*resourceEntry // by ARN
	roleIDs   map[string]*roleEntry     // by unique id, as users and groups
	userIDs   map[string]*userEntry
	groupIDs  map[string]*groupEntry
	aws       map[string]*policyEntry // AWS's managed policies, by ARN; the same for every account

	resolved  sync.Map // unique id of a role or user → *resolved
	usage     func() map[string]usage
	keyPolicy program // of the KMS keys that have no policy of their own
}

// Entries are records as a snapshot holds them. They are shared by snapshots and never changed.
type (
	// identityEntry is what roles, users and groups have in common; identity points into the entry that it is a part of.
	identityEntry struct {
		revision int64
		identity *Identity
		inline   map[string]program // by policy name
	}
	roleEntry struct {
		identityEntry
		role         Role
		principalIDs map[string]string // of the trust policy: ARN → the unique id that it had when the policy was saved
		trust        program
	}
	userEntry struct {
		identityEntry
		user User
	}
	groupEntry struct {
		identityEntry
		group Group
	}
	profileEntry struct {
		revision int64
		profile  InstanceProfile
	}
	policyEntry struct {
		revision int64
		policy   ManagedPolicy
		versions []PolicyVersion // oldest first
		next     int             // number of the next version
		program  program         // the default version's
	}
	providerEntry struct {
		revision int64
		provider OpenIDConnectProvider
	}
	keyEntry struct {
		revision int64
		key      AccessKey
	}
)

// usage of a managed policy.
type usage struct{ attachments, boundaries int }

// program compiles a document on its first call and answers from memory after that.
type program func() (*policy.Policy, error)

func compile(name, source string, options policy.Options) program {
	return sync.OnceValues(func() (*policy.Policy, error) { return compileNow(name, source, options) })
}

func compileNow(name, source string, options policy.Options) (*policy.Policy, error) {
	document, err := policy.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	return policy.Compile(name, document, options)
}

func newAccount(partition, id string, aws map[string]*policyEntry) *Account {
	a := &Account{
		id: id, partition: partition, aws: aws,
		roles: map[string]*roleEntry{}, users: map[string]*userEntry{}, groups: map[string]*groupEntry{}, profiles: map[string]*profileEntry{},
		policies: map[string]*policyEntry{}, providers: map[string]*providerEntry{}, keys: map[string]*keyEntry{},
		roleIDs: map[string]*roleEntry{}, userIDs: map[string]*userEntry{}, groupIDs: map[string]*groupEntry{},
		clusters: map[string]*clusterEntry{}, addons: map[string]*addonEntry{},
		resources: map[string]*resourceEntry{}, keyPolicy: compile("default key policy", defaultKeyPolicy(partition, id), resourceOptions(nil)),
	}
	a.usage = sync.OnceValue(a.countUsage)
	return a
}

// clone copies the maps, not what they point to: a write costs pointer copies, whatever the size of the account's documents.
func (a *Account) clone() *Account {
	c := &Account{
		id: a.id, partition: a.partition, record: a.record, revision: a.revision, generation: a.generation, aws: a.aws,
		roles: maps.Clone(a.roles), users: maps.Clone(a.users), groups: maps.Clone(a.groups), profiles: maps.Clone(a.profiles),
		policies: maps.Clone(a.policies), providers: maps.Clone(a.providers), keys: maps.Clone(a.keys),
		roleIDs: maps.Clone(a.roleIDs), userIDs: maps.Clone(a.userIDs), groupIDs: maps.Clone(a.groupIDs),
		clusters: maps.Clone(a.clusters), addons: maps.Clone(a.addons), resources: maps.Clone(a.resources), keyPolicy: a.keyPolicy,
	}
	c.usage = sync.OnceValue(c.countUsage)
	return c
}

func (a *Account) countUsage() map[string]usage {
	counts := make(map[string]usage, len(a.policies))
	for identity := range a.identities() {
		for _, arn := range identity.Attached {
			u := counts[arn]
			u.attachments++
			counts[arn] = u
		}
		if arn := identity.BoundaryARN; arn != "" {
			u := counts[arn]
			u.boundaries++
			counts[arn] = u
		}
	}
	return counts
}

// RoleByName finds a role by its name, without case (the ARN's last path element). A caller that was given a whole ARN compares it with the role's.
func (a *Account) RoleByName(name string) (*Role, bool) {
	entry, ok := a.roles[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	return &entry.role, true
}

// RoleByID finds a role by its unique id.
func (a *Account) RoleByID(id string) (*Role, bool) {
	entry, ok := a.roleIDs[id]
	if !ok {
		return nil, false
	}
	return &entry.role, true
}

// UserByID finds a user by its unique id.
func (a *Account) UserByID(id string) (*User, bool) {
	entry, ok := a.userIDs[id]
	if !ok {
		return nil, false
	}
	return &entry.user, true
}

// Provider is the registered provider with this issuer (exact "https://…" string), and its ARN.
func (a *Account) Provider(issuer string) (p oidc.Provider, arn string, ok bool) {
	entry, ok := a.providers[providerName(issuer)]
	if !ok || entry.provider.Issuer != issuer {
		return oidc.Provider{}, "", false
	}
	return oidc.Provider{
		Account: a.id, Issuer: issuer, Revision: entry.revision, ClientIDs: entry.provider.ClientIDs, JWKS: entry.provider.JWKS,
	}, entry.provider.ARN, true
}

// Issuers are those of the account's providers, sorted.
func (a *Account) Issuers() []string {
	issuers := make([]string, 0, len(a.providers))
	for _, entry := range a.providers {
		issuers = append(issuers, entry.provider.Issuer)
	}
	slices.Sort(issuers)
	return issuers
}

// policy finds an entry or answers NoSuchEntity, as identity does; provider's callers word that. ARNs are compared exactly, so that the resource
// that was authorized is the one that is reached.
func (a *Account) policy(arn string) (*policyEntry, error) {
	if entry, ok := a.policies[strings.ToLower(arn[strings.LastIndexByte(arn, '/')+1:])]; ok && entry.policy.ARN == arn {
		return entry, nil
	}
	if entry, ok := a.aws[arn]; ok {
		return entry, nil
	}
	return nil, noSuchPolicy(arn)
}

func (a *Account) provider(arn string) (*providerEntry, bool) {
	url, _ := strings.CutPrefix(arn, a.arn("oidc-provider/"))
	entry, ok := a.providers[strings.ToLower(url)]
	return entry, ok && entry.provider.ARN == arn
}

// arn of an IAM resource in this account.
func (a *Account) arn(resource string) string {
	return "arn:" + a.partition + ":iam::" + a.id + ":" + resource
}
