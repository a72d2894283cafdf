package iam_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

const writers = 200

// insist repeats what another writer got ahead of too often, as AWS's SDKs do after ConcurrentModification.
func insist(do func() error) error {
	for {
		err := do()
		if refusal, ok := errors.AsType[*iam.Error](err); !ok || refusal.Code != "ConcurrentModification" {
			return err
		}
	}
}

// together has all writers do something at once, through two directories on one store.
func (p *plane) together(do func(d *iam.Directory, i int)) {
	p.t.Helper()
	other := p.another()
	defer func() { _ = other.Close() }()
	var wait sync.WaitGroup
	for i := range writers {
		d := []*iam.Directory{p.Directory, other}[i%2]
		wait.Go(func() { do(d, i) })
	}
	wait.Wait()
}

// contest is something of which all writers want one each, and of which there may be fewer.
type contest struct {
	name string
	room int                                                    // how many there may be
	want func(d *iam.Directory, i int) (name string, err error) // writer i's attempt at one, which has a name
	have func(d *iam.Directory) (names []string)                // what there is
}

// TestConcurrentQuotas: two hundred writers run at each quota through two directories on one store. As many as there is room for succeed, the others
// are told so, and after a restart there is what was acknowledged and nothing else.
func TestConcurrentQuotas(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	p.role("R")
	p.policy("V")
	must(p.CreateUser(ctx, p.root, iam.CreateUserInput{UserName: "U"}))
	must(p.CreateInstanceProfile(ctx, p.root, iam.CreateInstanceProfileInput{InstanceProfileName: "I"}))
	const some = 20 // policies and groups, of which ten have room
	for i := range some {
		p.policy(fmt.Sprint("P", i))
		must(p.CreateGroup(ctx, p.root, iam.CreateGroupInput{GroupName: fmt.Sprint("G", i)}))
	}
	var mu sync.Mutex
	won := map[string]map[string]bool{} // by contest, what was acknowledged
	for _, c := range contests(ctx, p.root, some) {
		won[c.name] = map[string]bool{}
	}
	p.together(func(d *iam.Directory, i int) {
		for _, c := range contests(ctx, p.root, some) {
			var name string
			err := insist(func() (err error) { name, err = c.want(d, i); return err })
			mu.Lock()
			switch {
			case err == nil:
				won[c.name][name] = true
			default:
				if refusal, ok := errors.AsType[*iam.Error](err); !ok || refusal.Code != "LimitExceeded" {
					t.Errorf("%s: writer %d was refused with %v", c.name, i, err)
				}
			}
			mu.Unlock()
		}
	})
	p.close()
	p.open()
	for _, c := range contests(ctx, p.root, some) {
		have := c.have(p.Directory)
		if len(have) != c.room || len(won[c.name]) != c.room {
			t.Errorf("%s: %d were acknowledged and there are %d; there is room for %d", c.name, len(won[c.name]), len(have), c.room)
		}
		for _, name := range have {
			if !won[c.name][name] {
				t.Errorf("%s: %s is there and was not acknowledged", c.name, name)
			}
		}
	}
}

func contests(ctx context.Context, root iam.Caller, some int) []contest {
	role, user := iam.OfRole("R"), iam.OfUser("U")
	versions := "arn:aws:iam::" + account + ":policy/V"
	everything := iam.Paging{MaxItems: new(1000)}
	return []contest{
		{"attachments of a role", 10,
			func(d *iam.Directory, i int) (string, error) {
				name := fmt.Sprint("P", i%some)
				return name, d.AttachPolicy(ctx, root, iam.AttachmentInput{IdentityName: role, PolicyARN: "arn:aws:iam::" + account + ":policy/" + name})
			},
			func(d *iam.Directory) []string {
				return each(must(d.AttachedPolicies(ctx, root, iam.ListAttachedInput{IdentityName: role})).Items, func(a iam.AttachedPolicy) string { return a.PolicyName })
			}},
		{"tags of a role", 50,
			func(d *iam.Directory, i int) (string, error) {
				name := fmt.Sprint("key", i)
				return name, d.TagIdentity(ctx, root, iam.TagIdentityInput{IdentityName: role, Tags: []iam.Tag{{Key: name}}})
			},
			func(d *iam.Directory) []string {
				return each(must(d.IdentityTags(ctx, root, iam.ListByIdentityInput{IdentityName: role})).Items, func(t iam.Tag) string { return t.Key })
			}},
		{"groups of a user", 10,
			func(d *iam.Directory, i int) (string, error) {
				name := fmt.Sprint("G", i%some)
				return name, d.AddUserToGroup(ctx, root, iam.MembershipInput{GroupName: name, UserName: "U"})
			},
			func(d *iam.Directory) []string {
				return each(must(d.ListGroupsForUser(ctx, root, iam.ListByIdentityInput{IdentityName: user})).Items, func(g iam.Group) string { return g.Name })
			}},
		{"access keys of a user", 2,
			func(d *iam.Directory, _ int) (string, error) {
				key, err := d.CreateAccessKey(ctx, root, iam.UserInput{UserName: new("U")})
				return key.ID, err
			},
			func(d *iam.Directory) []string {
				return each(must(d.ListAccessKeys(ctx, root, iam.ListByUserInput{UserName: new("U")})).Items, func(k iam.AccessKey) string { return k.ID })
			}},
		{"versions of a policy beside the first", 4,
			func(d *iam.Directory, _ int) (string, error) {
				version, err := d.CreatePolicyVersion(ctx, root, iam.CreatePolicyVersionInput{PolicyARN: versions, PolicyDocument: allowPut})
				return version.VersionID, err
			},
			func(d *iam.Directory) []string {
				all := must(d.ListPolicyVersions(ctx, root, iam.ListByPolicyInput{PolicyARN: versions})).Items
				return each(all[:len(all)-1], func(v iam.PolicyVersion) string { return v.VersionID })
			}},
		{"inline policies of a user, of 300 characters each", 2048 / 300,
			func(d *iam.Directory, i int) (string, error) {
				name := fmt.Sprint("inline", i)
				return name, d.PutPolicy(ctx, root, iam.PutPolicyInput{IdentityName: user, PolicyName: name, PolicyDocument: padded(300)})
			},
			func(d *iam.Directory) []string {
				return must(d.InlinePolicies(ctx, root, iam.ListByIdentityInput{IdentityName: user})).Items
			}},
		{"roles of an instance profile", 1,
			func(d *iam.Directory, _ int) (string, error) {
				return "R", d.AddRoleToInstanceProfile(ctx, root, iam.InstanceProfileRoleInput{InstanceProfileName: "I", RoleName: "R"})
			},
			func(d *iam.Directory) []string {
				return names(must(d.GetInstanceProfile(ctx, root, iam.InstanceProfileInput{InstanceProfileName: "I"})).Roles)
			}},
		{"users of the account", writers,
			func(d *iam.Directory, i int) (string, error) {
				user, err := d.CreateUser(ctx, root, iam.CreateUserInput{UserName: fmt.Sprint("writer", i)})
				return user.Name, err
			},
			func(d *iam.Directory) []string {
				all := each(must(d.ListUsers(ctx, root, iam.ListByPathInput{Paging: everything})).Items, func(u iam.User) string { return u.Name })
				return slices.DeleteFunc(all, func(name string) bool { return name == "U" })
			}},
	}
}

// TestConcurrentLives: two hundred writers make, change and delete what is their own, and all attach one policy and join one group. Each finds what it
// left after a restart; the policy is never deleted, though some try to all the time.
func TestConcurrentLives(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	shared := p.policy("Shared").ARN
	must(p.CreateGroup(ctx, p.root, iam.CreateGroupInput{GroupName: "all"}))
	done(t, p.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfGroup("all"), PolicyARN: shared}))
	p.together(func(d *iam.Directory, i int) {
		name := fmt.Sprint("own", i)
		for n, do := range lifeOf(ctx, d, p.root, name, shared, i%2 == 0) {
			if err := insist(do); err != nil {
				t.Errorf("writer %d, call %d: %v", i, n, err)
			}
		}
		if i%10 == 0 {
			if err := d.DeletePolicy(ctx, p.root, iam.PolicyInput{PolicyARN: shared}); err == nil {
				t.Error("the policy was deleted while it was attached")
			}
		}
	})
	p.close()
	p.open()
	a := must(p.Account(ctx, account))
	for i := range writers {
		name := fmt.Sprint("own", i)
		role, ok := a.RoleByName(name)
		if kept := i%2 == 1; ok != kept {
			t.Fatalf("role %s is there: %v, want %v", name, ok, kept)
		}
		user := must(p.GetUser(ctx, p.root, iam.UserInput{UserName: &name}))
		if len(user.GroupIDs) != 1 || len(must(a.UserPolicies(&user)).Identity) != 1 {
			t.Errorf("user %s = %+v", name, user)
		}
		if !ok {
			continue
		}
		if role.Description != "changed" || !slices.Equal(role.Tags, []iam.Tag{{Key: "b", Value: "2"}}) || role.Inline["inline"] != allowPut || !slices.Equal(role.Attached, []string{shared}) {
			t.Errorf("role %s = %+v", name, role)
		}
	}
	if got := must(p.GetPolicy(ctx, p.root, iam.PolicyInput{PolicyARN: shared})); got.AttachmentCount != writers/2+1 {
		t.Errorf("%d attachments, want %d", got.AttachmentCount, writers/2+1)
	}
	if got := must(p.GetGroup(ctx, p.root, iam.ListByIdentityInput{IdentityName: iam.OfGroup("all"), Paging: iam.Paging{MaxItems: new(1000)}})); len(got.Items) != writers {
		t.Errorf("the group has %d users, want %d", len(got.Items), writers)
	}
}

// lifeOf is what one writer does with what is its own.
func lifeOf(ctx context.Context, d *iam.Directory, root iam.Caller, name, shared string, ends bool) []func() error {
	role := iam.OfRole(name)
	attachment := iam.AttachmentInput{IdentityName: role, PolicyARN: shared}
	calls := []func() error{
		func() error {
			return second(d.CreateRole(ctx, root, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trustAnyone, Tags: []iam.Tag{{Key: "a", Value: "1"}}}))
		},
		func() error { return second(d.CreateUser(ctx, root, iam.CreateUserInput{UserName: name})) },
		func() error { return d.AttachPolicy(ctx, root, attachment) },
		func() error {
			return d.AddUserToGroup(ctx, root, iam.MembershipInput{GroupName: "all", UserName: name})
		},
		func() error {
			return d.TagIdentity(ctx, root, iam.TagIdentityInput{IdentityName: role, Tags: []iam.Tag{{Key: "b", Value: "2"}}})
		},
		func() error {
			return d.PutPolicy(ctx, root, iam.PutPolicyInput{IdentityName: role, PolicyName: "inline", PolicyDocument: allowPut})
		},
		func() error {
			return d.UpdateRole(ctx, root, iam.UpdateRoleInput{RoleName: name, Description: new("changed")})
		},
		func() error {
			return d.UntagIdentity(ctx, root, iam.UntagIdentityInput{IdentityName: role, TagKeys: []string{"a"}})
		},
	}
	if ends {
		calls = append(calls,
			func() error { return d.DetachPolicy(ctx, root, attachment) },
			func() error {
				return d.DeleteInlinePolicy(ctx, root, iam.InlinePolicyInput{IdentityName: role, PolicyName: "inline"})
			},
			func() error { return d.DeleteRole(ctx, root, iam.IdentityInput{IdentityName: role}) })
	}
	return calls
}

// TestConcurrentReferences: of something that begins to refer to another and the deletion of that other, one succeeds; so nothing refers to what is gone.
func TestConcurrentReferences(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	other := p.another()
	defer func() { _ = other.Close() }()
	named := func(n iam.IdentityName) iam.IdentityInput { return iam.IdentityInput{IdentityName: n} }
	role, user, group := iam.OfRole("R"), iam.OfUser("U"), iam.OfGroup("G")
	arn := "arn:aws:iam::" + account + ":policy/P"
	attached := func(n iam.IdentityName) func(d *iam.Directory) error {
		return func(d *iam.Directory) error {
			return d.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: n, PolicyARN: arn})
		}
	}
	bounded := func(d *iam.Directory) error {
		return d.PutPermissionsBoundary(ctx, p.root, iam.BoundaryInput{IdentityName: user, PermissionsBoundary: arn})
	}
	joined := func(d *iam.Directory) error {
		return d.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: "G", UserName: "U"})
	}
	profiled := func(d *iam.Directory) error {
		return d.AddRoleToInstanceProfile(ctx, p.root, iam.InstanceProfileRoleInput{InstanceProfileName: "I", RoleName: "R"})
	}
	keyed := func(d *iam.Directory) error {
		return second(d.CreateAccessKey(ctx, p.root, iam.UserInput{UserName: new("U")}))
	}
	withoutPolicy := func(d *iam.Directory) error { return d.DeletePolicy(ctx, p.root, iam.PolicyInput{PolicyARN: arn}) }
	withoutRole := func(d *iam.Directory) error { return d.DeleteRole(ctx, p.root, named(role)) }
	withoutUser := func(d *iam.Directory) error { return d.DeleteUser(ctx, p.root, named(user)) }
	withoutGroup := func(d *iam.Directory) error { return d.DeleteGroup(ctx, p.root, named(group)) }
	withoutProfile := func(d *iam.Directory) error {
		return d.DeleteInstanceProfile(ctx, p.root, iam.InstanceProfileInput{InstanceProfileName: "I"})
	}
	for _, c := range []struct {
		name          string
		refer, remove func(d *iam.Directory) error
	}{
		{"policy attached to a role, policy deleted", attached(role), withoutPolicy},
		{"policy attached to a group, group deleted", attached(group), withoutGroup},
		{"policy made a boundary, policy deleted", bounded, withoutPolicy},
		{"user joins a group, group deleted", joined, withoutGroup},
		{"user joins a group, user deleted", joined, withoutUser},
		{"user gets a key, user deleted", keyed, withoutUser},
		{"role put into a profile, role deleted", profiled, withoutRole},
		{"role put into a profile, profile deleted", profiled, withoutProfile},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range 12 {
				p.clear()
				p.role("R")
				p.policy("P")
				must(p.CreateUser(ctx, p.root, iam.CreateUserInput{UserName: "U"}))
				must(p.CreateGroup(ctx, p.root, iam.CreateGroupInput{GroupName: "G"}))
				must(p.CreateInstanceProfile(ctx, p.root, iam.CreateInstanceProfileInput{InstanceProfileName: "I"}))
				var referred, removed error
				var wait sync.WaitGroup
				for _, do := range pairOf(i, func() { referred = c.refer(p.Directory) }, func() { removed = c.remove(other) }) {
					wait.Go(do)
				}
				wait.Wait()
				if referred == nil {
					refused(t, removed, "DeleteConflict")
				} else {
					refused(t, referred, "NoSuchEntity")
					done(t, removed)
				}
				// What resolves shows that nothing dangles.
				must(p.GetAccountAuthorizationDetails(ctx, p.root, iam.AuthorizationDetailsInput{}))
				a := must(other.Account(ctx, account))
				if u, err := other.GetUser(ctx, p.root, iam.UserInput{UserName: new("U")}); err == nil {
					_, err := a.UserPolicies(&u)
					done(t, err)
				}
			}
		})
	}
}

// pairOf starts the one first or the other, in turns.
func pairOf(i int, one, other func()) []func() {
	if i%2 == 0 {
		return []func(){one, other}
	}
	return []func(){other, one}
}

// clear deletes the entities of TestConcurrentReferences, whatever they refer to.
func (p *plane) clear() {
	ctx, root := p.t.Context(), p.root
	arn := "arn:aws:iam::" + account + ":policy/P"
	for _, n := range []iam.IdentityName{iam.OfRole("R"), iam.OfUser("U"), iam.OfGroup("G")} {
		_ = p.DetachPolicy(ctx, root, iam.AttachmentInput{IdentityName: n, PolicyARN: arn})
	}
	_ = p.RemoveUserFromGroup(ctx, root, iam.MembershipInput{GroupName: "G", UserName: "U"})
	_ = p.RemoveRoleFromInstanceProfile(ctx, root, iam.InstanceProfileRoleInput{InstanceProfileName: "I", RoleName: "R"})
	if keys, err := p.ListAccessKeys(ctx, root, iam.ListByUserInput{UserName: new("U")}); err == nil {
		for _, key := range keys.Items {
			done(p.t, p.DeleteAccessKey(ctx, root, iam.AccessKeyInput{UserName: "U", AccessKeyID: key.ID}))
		}
	}
	for _, err := range []error{
		p.DeleteInstanceProfile(ctx, root, iam.InstanceProfileInput{InstanceProfileName: "I"}), p.DeleteRole(ctx, root, iam.IdentityInput{IdentityName: iam.OfRole("R")}),
		p.DeleteUser(ctx, root, iam.IdentityInput{IdentityName: iam.OfUser("U")}), p.DeleteGroup(ctx, root, iam.IdentityInput{IdentityName: iam.OfGroup("G")}),
		p.DeletePolicy(ctx, root, iam.PolicyInput{PolicyARN: arn}),
	} {
		if err != nil {
			refused(p.t, err, "NoSuchEntity")
		}
	}
}

// TestConcurrentAliases: an alias that two accounts want at once, through two directories, belongs to one of them, also when its holder is about to
// leave it.
func TestConcurrentAliases(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	must(p.CreateAccount(ctx, p.root, iam.CreateAccountInput{AccountID: otherAccount}))
	other := p.another()
	defer func() { _ = other.Close() }()
	callers := []iam.Caller{p.root, caller(iam.Root("aws", otherAccount))}
	directories := []*iam.Directory{p.Directory, other}
	has := func(i int, alias string) bool {
		return slices.Contains(must(directories[i].ListAccountAliases(ctx, callers[i], iam.ListInput{})).Items, alias)
	}
	// race has account 0 and account 1 ask for these at once.
	race := func(aliases ...string) [2]error {
		var errs [2]error
		var wait sync.WaitGroup
		for i, alias := range aliases {
			wait.Go(func() {
				errs[i] = insist(func() error {
					return directories[i].CreateAccountAlias(ctx, callers[i], iam.AccountAliasInput{AccountAlias: alias})
				})
			})
		}
		wait.Wait()
		return errs
	}
	for round := range 20 {
		alias, next := fmt.Sprintf("alias-%d", round), fmt.Sprintf("next-%d", round)
		errs := race(alias, alias)
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		done(t, errs[winner])
		refused(t, errs[1-winner], "EntityAlreadyExists")
		if !has(winner, alias) || has(1-winner, alias) {
			t.Fatalf("account %d got the alias, and it has it: %v; the other: %v", winner, has(winner, alias), has(1-winner, alias))
		}
		// The holder leaves it while the other wants it.
		wanted := []string{alias, alias}
		wanted[winner] = next
		errs = race(wanted...)
		done(t, errs[winner])
		if errs[1-winner] != nil {
			refused(t, errs[1-winner], "EntityAlreadyExists")
		}
		if !has(winner, next) || has(1-winner, alias) != (errs[1-winner] == nil) {
			t.Fatalf("the holder has the next alias: %v; the other, who was answered %v, has the first: %v", has(winner, next), errs[1-winner], has(1-winner, alias))
		}
	}
}
