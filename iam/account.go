package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
)

// Account is an immutable snapshot of one account. Its exported methods are for authentication and exchange only: nothing is authorized or
// recorded there. They take no locks, and compile a policy only on its first use.
type Account struct {
	id, partition string
	created       time.Time
	revision      int64 // of the store, that this snapshot shows
	generation    int64 // of the account's own record, which every write of the account renews

	roles     map[string]*roleEntry     // by lower-case name
	roleIDs   map[string]*roleEntry     // by unique id
	policies  map[string]*policyEntry   // by lower-case name
	providers map[string]*providerEntry // by lower-case URL
	keys      map[string]*keyEntry      // by access key id
	clusters  map[string]*clusterEntry  // by region/name
	addons    map[string]*addonEntry    // by region/cluster/name

	resolved sync.Map // *roleEntry → resolved
	usage    func() map[string]usage
}

// Entries are records as a snapshot holds them. They are shared by snapshots and never changed.
type (
	roleEntry struct {
		revision     int64
		role         Role
		principalIDs map[string]string // of the trust policy: ARN → the unique id that it had when the policy was saved
		trust        program
		inline       map[string]program // by policy name
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

// resolved are a role's compiled policies, or why there are none.
type resolved struct {
	policies policy.Policies
	err      error
}

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

func newAccount(partition, id string) *Account {
	a := &Account{
		id: id, partition: partition,
		roles: map[string]*roleEntry{}, roleIDs: map[string]*roleEntry{}, policies: map[string]*policyEntry{},
		providers: map[string]*providerEntry{}, keys: map[string]*keyEntry{},
		clusters: map[string]*clusterEntry{}, addons: map[string]*addonEntry{},
	}
	a.usage = sync.OnceValue(a.countUsage)
	return a
}

// clone copies the maps, not what they point to: a write costs pointer copies, whatever the size of the account's documents.
func (a *Account) clone() *Account {
	c := &Account{
		id: a.id, partition: a.partition, created: a.created, revision: a.revision, generation: a.generation,
		roles: maps.Clone(a.roles), roleIDs: maps.Clone(a.roleIDs), policies: maps.Clone(a.policies),
		providers: maps.Clone(a.providers), keys: maps.Clone(a.keys),
		clusters: maps.Clone(a.clusters), addons: maps.Clone(a.addons),
	}
	c.usage = sync.OnceValue(c.countUsage)
	return c
}

func (a *Account) countUsage() map[string]usage {
	counts := make(map[string]usage, len(a.policies))
	for _, entry := range a.roles {
		for _, arn := range entry.role.Attached {
			u := counts[arn]
			u.attachments++
			counts[arn] = u
		}
		if arn := entry.role.BoundaryARN; arn != "" {
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

// Trust is the role's compiled trust policy. The error is an *Error: NoSuchEntity when the role is not in this snapshot, else ServiceFailure.
func (a *Account) Trust(role *Role) (*policy.Policy, error) {
	entry, ok := a.roleIDs[role.ID]
	if !ok {
		return nil, noSuchRole(role.Name)
	}
	p, err := entry.trust()
	if err != nil {
		return nil, failure(fmt.Errorf("compiling trust policy of %s: %w", role.ARN, err))
	}
	return p, nil
}

// Policies are the role's compiled identity policies and boundary. Errors are as Trust's: one policy that does not compile
// fails the role, because to leave it out could leave out a Deny.
func (a *Account) Policies(role *Role) (policy.Policies, error) {
	entry, ok := a.roleIDs[role.ID]
	if !ok {
		return policy.Policies{}, noSuchRole(role.Name)
	}
	if r, ok := a.resolved.Load(entry); ok {
		return r.(*resolved).policies, r.(*resolved).err
	}
	var r resolved
	r.policies, r.err = a.resolve(entry)
	kept, _ := a.resolved.LoadOrStore(entry, &r)
	return kept.(*resolved).policies, kept.(*resolved).err
}

func (a *Account) resolve(entry *roleEntry) (policy.Policies, error) {
	policies := policy.Policies{Identity: []*policy.Policy{}}
	for _, name := range slices.Sorted(maps.Keys(entry.inline)) {
		p, err := entry.inline[name]()
		if err != nil {
			return policy.Policies{}, failure(fmt.Errorf("compiling inline policy %s of %s: %w", name, entry.role.ARN, err))
		}
		policies.Identity = append(policies.Identity, p)
	}
	for _, arn := range entry.role.Attached {
		p, err := a.ManagedPolicy(arn)
		if err != nil {
			return policy.Policies{}, failure(fmt.Errorf("resolving policies of %s: %w", entry.role.ARN, err))
		}
		policies.Identity = append(policies.Identity, p)
	}
	if arn := entry.role.BoundaryARN; arn != "" {
		p, err := a.ManagedPolicy(arn)
		if err != nil {
			return policy.Policies{}, failure(fmt.Errorf("resolving boundary of %s: %w", entry.role.ARN, err))
		}
		policies.Boundary = []*policy.Policy{p}
	}
	return policies, nil
}

// ManagedPolicy is the compiled default version of a managed policy, for session PolicyArns. The error is an *Error: NoSuchEntity for an
// unknown ARN, else ServiceFailure.
func (a *Account) ManagedPolicy(arn string) (*policy.Policy, error) {
	entry, err := a.policy(arn)
	if err != nil {
		return nil, err
	}
	p, err := entry.program()
	if err != nil {
		return nil, failure(fmt.Errorf("compiling %s: %w", arn, err))
	}
	return p, nil
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

// role, policy and provider find an entry or answer NoSuchEntity. ARNs are compared exactly, so that the resource that was authorized is the
// one that is reached.
func (a *Account) role(name string) (*roleEntry, error) {
	if entry, ok := a.roles[strings.ToLower(name)]; ok {
		return entry, nil
	}
	return nil, noSuchRole(name)
}

func (a *Account) policy(arn string) (*policyEntry, error) {
	if entry, ok := a.policies[strings.ToLower(arn[strings.LastIndexByte(arn, '/')+1:])]; ok && entry.policy.ARN == arn {
		return entry, nil
	}
	return nil, noSuchPolicy(arn)
}

func (a *Account) provider(arn string) (*providerEntry, error) {
	url, _ := strings.CutPrefix(arn, a.arn("oidc-provider/"))
	if entry, ok := a.providers[strings.ToLower(url)]; ok && entry.provider.ARN == arn {
		return entry, nil
	}
	return nil, noSuchProvider(arn)
}

// arn of an IAM resource in this account.
func (a *Account) arn(resource string) string {
	return "arn:" + a.partition + ":iam::" + a.id + ":" + resource
}
