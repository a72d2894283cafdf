package iam

import (
	"fmt"
	"maps"
	"slices"

	"github.com/openirsa/openirsa/policy"
)

// resolved are the compiled policies of a role or user, or why there are none.
type resolved struct {
	policies policy.Policies
	err      error
}

// Trust is the role's compiled trust policy. The error is an *Error: NoSuchEntity when the role is not in this snapshot, else ServiceFailure.
func (a *Account) Trust(role *Role) (*policy.Policy, error) {
	entry, ok := a.roleIDs[role.ID]
	if !ok {
		return nil, noSuchIdentity(OfRole(role.Name))
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
		return policy.Policies{}, noSuchIdentity(OfRole(role.Name))
	}
	return a.resolveOnce(&entry.identityEntry, nil)
}

// UserPolicies are the user's compiled identity policies, those of its groups included, and its boundary. Errors are as Policies'.
func (a *Account) UserPolicies(user *User) (policy.Policies, error) {
	entry, ok := a.userIDs[user.ID]
	if !ok {
		return policy.Policies{}, noSuchIdentity(OfUser(user.Name))
	}
	return a.resolveOnce(&entry.identityEntry, entry.user.GroupIDs)
}

func (a *Account) resolveOnce(entry *identityEntry, groupIDs []string) (policy.Policies, error) {
	if r, ok := a.resolved.Load(entry.identity.ID); ok {
		return r.(*resolved).policies, r.(*resolved).err
	}
	var r resolved
	r.policies, r.err = a.resolve(entry, groupIDs)
	kept, _ := a.resolved.LoadOrStore(entry.identity.ID, &r)
	return kept.(*resolved).policies, kept.(*resolved).err
}

func (a *Account) resolve(entry *identityEntry, groupIDs []string) (policy.Policies, error) {
	policies := policy.Policies{Identity: []*policy.Policy{}}
	owners := []*identityEntry{entry}
	for _, id := range groupIDs {
		group, ok := a.groupIDs[id]
		if !ok { // a group is not deleted while it has users
			return policy.Policies{}, failure(fmt.Errorf("resolving policies of %s: its group %s is gone", entry.identity.ARN, id))
		}
		owners = append(owners, &group.identityEntry)
	}
	for _, owner := range owners {
		own, err := a.ownPolicies(owner)
		if err != nil {
			return policy.Policies{}, err
		}
		policies.Identity = append(policies.Identity, own...)
	}
	if arn := entry.identity.BoundaryARN; arn != "" {
		p, err := a.ManagedPolicy(arn)
		if err != nil {
			return policy.Policies{}, failure(fmt.Errorf("resolving boundary of %s: %w", entry.identity.ARN, err))
		}
		policies.Boundary = []*policy.Policy{p}
	}
	return policies, nil
}

// ownPolicies are the inline policies, by name, and then the attached ones.
func (a *Account) ownPolicies(entry *identityEntry) ([]*policy.Policy, error) {
	var policies []*policy.Policy
	for _, name := range slices.Sorted(maps.Keys(entry.inline)) {
		p, err := entry.inline[name]()
		if err != nil {
			return nil, failure(fmt.Errorf("compiling inline policy %s of %s: %w", name, entry.identity.ARN, err))
		}
		policies = append(policies, p)
	}
	for _, arn := range entry.identity.Attached {
		p, err := a.ManagedPolicy(arn)
		if err != nil {
			return nil, failure(fmt.Errorf("resolving policies of %s: %w", entry.identity.ARN, err))
		}
		policies = append(policies, p)
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
