package iam_test

import (
	"slices"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// The expectations in this file are those of a peer's suite, ceph's s3-tests (s3tests/functional/test_iam.py), whose authors ran it against AWS too. No
// recorded answer of AWS speaks of them.

// TestListOrder: users, groups and roles are listed by their names whatever their case, path and age, in one page and in many
// (test_account_user_list, test_account_group_list, test_account_role_list). So are a group's users and a user's groups.
func TestListOrder(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	want := []string{"aa", "Ab", "ac", "Ad"}
	p.user("one")
	p.group("all")
	for i, name := range []string{"Ad", "ac", "Ab", "aa"} {
		path := "/" + string("wxyz"[i]) + "/"
		done(t, second(p.CreateUser(ctx, p.root, iam.CreateUserInput{UserName: name, Path: path})))
		done(t, second(p.CreateGroup(ctx, p.root, iam.CreateGroupInput{GroupName: name, Path: path})))
		done(t, second(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: name, Path: path, AssumeRolePolicyDocument: trustAnyone})))
		done(t, p.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: "all", UserName: name}))
		done(t, p.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: name, UserName: "one"}))
	}
	for _, size := range []int{1, 3, 100} {
		for what, list := range p.lists() {
			got := slices.DeleteFunc(inPages(t, size, list), func(name string) bool { return name == "all" || name == "one" })
			if !slices.Equal(got, want) {
				t.Errorf("%s in pages of %d: %q, want %q", what, size, got, want)
			}
		}
	}
}

// lists are the names in every list of users, groups and roles.
func (p *plane) lists() map[string]func(iam.Paging) (iam.Page[string], error) {
	ctx := p.t.Context()
	return map[string]func(iam.Paging) (iam.Page[string], error){
		"users": func(at iam.Paging) (iam.Page[string], error) {
			page, err := p.ListUsers(ctx, p.root, iam.ListByPathInput{Paging: at})
			return namesOn(page, func(u iam.User) string { return u.Name }), err
		},
		"groups": func(at iam.Paging) (iam.Page[string], error) {
			page, err := p.ListGroups(ctx, p.root, iam.ListByPathInput{Paging: at})
			return namesOn(page, func(g iam.Group) string { return g.Name }), err
		},
		"roles": func(at iam.Paging) (iam.Page[string], error) {
			page, err := p.ListRoles(ctx, p.root, iam.ListByPathInput{Paging: at})
			return namesOn(page, func(r iam.Role) string { return r.Name }), err
		},
		"a group's users": func(at iam.Paging) (iam.Page[string], error) {
			members, err := p.GetGroup(ctx, p.root, iam.ListByIdentityInput{IdentityName: iam.OfGroup("all"), Paging: at})
			return namesOn(members.Page, func(u iam.User) string { return u.Name }), err
		},
		"a user's groups": func(at iam.Paging) (iam.Page[string], error) {
			page, err := p.ListGroupsForUser(ctx, p.root, iam.ListByIdentityInput{IdentityName: iam.OfUser("one"), Paging: at})
			return namesOn(page, func(g iam.Group) string { return g.Name }), err
		},
	}
}

func namesOn[T any](page iam.Page[T], name func(T) string) iam.Page[string] {
	out := iam.Page[string]{IsTruncated: page.IsTruncated, Marker: page.Marker}
	for _, item := range page.Items {
		out.Items = append(out.Items, name(item))
	}
	return out
}

// inPages are the items of a list that is read in pages of a size.
func inPages[T any](t *testing.T, size int, list func(iam.Paging) (iam.Page[T], error)) []T {
	t.Helper()
	var all []T
	for marker := ""; ; {
		page, err := list(iam.Paging{MaxItems: &size, Marker: marker})
		done(t, err)
		if all = append(all, page.Items...); !page.IsTruncated {
			return all
		}
		marker = page.Marker
	}
}

// TestRootKeys: without a user's name the four calls are about the caller's keys, an account's root's too (test_account_current_user_access_key_create,
// …_update, …_delete; the API reference says so of each). Only root's own caller reaches them, and one that can sign always remains.
func TestRootKeys(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	first := must(p.Bootstrap(ctx, account))
	key := must(p.CreateAccessKey(ctx, p.root, iam.UserInput{}))
	if key.UserID+key.UserName != "" || len(key.ID) != 20 || len(key.Secret) != 40 {
		t.Errorf("root's key is %+v", key)
	}
	expect(t, second(p.CreateAccessKey(ctx, p.root, iam.UserInput{})), "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	ids := func() []string {
		var ids []string
		for _, k := range must(p.ListAccessKeys(ctx, p.root, iam.ListByUserInput{})).Items {
			ids = append(ids, k.ID)
		}
		return ids
	}
	if got := ids(); len(got) != 2 || !slices.Contains(got, first.ID) || !slices.Contains(got, key.ID) {
		t.Errorf("root's keys are %q", got)
	}

	// A user who may do anything to users reaches none of root's keys, by whatever name.
	admin := p.user("admin")
	p.put(iam.OfUser("admin"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`)
	self := p.signed(admin)
	for _, name := range []string{"", "admin"} {
		expect(t, p.DeleteAccessKey(ctx, self, iam.AccessKeyInput{UserName: name, AccessKeyID: key.ID}), "NoSuchEntity", "The Access Key with id "+key.ID+" cannot be found.")
	}
	if got := must(p.ListAccessKeys(ctx, self, iam.ListByUserInput{})).Items; len(got) != 0 {
		t.Errorf("the user's keys are %+v", got)
	}

	const last = "The last active access key of the account's root cannot be deleted or made inactive."
	done(t, p.UpdateAccessKey(ctx, p.root, iam.AccessKeyInput{AccessKeyID: first.ID, Status: "Inactive"}))
	expect(t, p.UpdateAccessKey(ctx, p.root, iam.AccessKeyInput{AccessKeyID: key.ID, Status: "Inactive"}), "LimitExceeded", last)
	expect(t, p.DeleteAccessKey(ctx, p.root, iam.AccessKeyInput{AccessKeyID: key.ID}), "LimitExceeded", last)
	if again := must(p.Bootstrap(ctx, account)); again.ID != key.ID {
		t.Errorf("the plane starts with %s, which is inactive", again.ID)
	}
	done(t, p.DeleteAccessKey(ctx, p.root, iam.AccessKeyInput{AccessKeyID: first.ID}))
	if got := ids(); !slices.Equal(got, []string{key.ID}) {
		t.Errorf("root's keys are %q", got)
	}
}
