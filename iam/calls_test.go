package iam_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/openirsa/openirsa/iam"
)

// detail is iam.Detail in one piece.
type detail struct {
	What     any
	Attached []iam.AttachedPolicy
	Groups   []string
	Profiles []iam.InstanceProfile
	Versions []iam.PolicyVersion
}

// one is a kind of call, drawn in proportion to its weight.
type one struct {
	weight int
	draw   func(g *generator) step
}

// calls are all kinds, by what they are about.
func calls() [][]one {
	return [][]one{roleCalls(), userCalls(), keyCalls(), policyCalls(), permissionCalls(), profileCalls(), providerCalls(), accountCalls()}
}

// draw makes a sequence: a state, which may be one that quotas are near in, and some calls, of which a good part is about the same.
func (g *generator) draw(kinds [][]one, length int) []step {
	steps := append(g.begun(), g.nearlyFull()...)
	all, some := slices.Concat(kinds...), pick(g, kinds...)
	for range length {
		if g.IntN(2) == 0 {
			steps = append(steps, g.drawOne(some))
		} else {
			steps = append(steps, g.drawOne(all))
		}
	}
	return steps
}

func (g *generator) drawOne(from []one) step {
	total := 0
	for _, c := range from {
		total += c.weight
	}
	n := g.IntN(total)
	for _, c := range from {
		if n -= c.weight; n < 0 {
			return c.draw(g)
		}
	}
	panic("unreachable: n is less than the weights together")
}

// begun are calls that make some of what the others are about.
func (g *generator) begun() []step {
	var steps []step
	for _, s := range []step{
		createRole(iam.CreateRoleInput{RoleName: "Reader", AssumeRolePolicyDocument: trustAnyone}), createUser(iam.CreateUserInput{UserName: "alice"}),
		createGroup(iam.CreateGroupInput{GroupName: "dev"}), createPolicy(iam.CreatePolicyInput{PolicyName: "P", PolicyDocument: allowGet}),
		createProfile(iam.CreateInstanceProfileInput{InstanceProfileName: "web"}),
	} {
		if g.IntN(2) == 0 {
			steps = append(steps, s)
		}
	}
	return steps
}

// nearlyFull are calls that leave little room for more, in some of the sequences.
func (g *generator) nearlyFull() []step {
	var steps []step
	role, user, group := iam.CreateRoleInput{RoleName: "Full", AssumeRolePolicyDocument: trustAnyone}, iam.CreateUserInput{UserName: "full"}, iam.CreateGroupInput{GroupName: "full"}
	switch g.IntN(10) {
	case 0: // nine attachments of ten
		g.role, g.user, g.group, g.policy = "Full", "full", "full", "full9"
		steps = append(steps, createRole(role), createUser(user), createGroup(group))
		owners := []iam.IdentityName{iam.OfRole("Full"), iam.OfUser("full"), iam.OfGroup("full")}
		owner := pick(g, owners...)
		for i := range 10 {
			steps = append(steps, createPolicy(iam.CreatePolicyInput{PolicyName: fmt.Sprint("full", i), PolicyDocument: allowGet}))
			if i < 9 {
				steps = append(steps, attachPolicy(iam.AttachmentInput{IdentityName: owner, PolicyARN: fmt.Sprintf("arn:aws:iam::%s:policy/full%d", account, i)}))
			}
		}
		for range 4 {
			steps = append(steps, attachPolicy(iam.AttachmentInput{IdentityName: owner, PolicyARN: g.policyARN()}))
		}
	case 1: // four versions of five
		g.policy = "full"
		steps = append(steps, createPolicy(iam.CreatePolicyInput{PolicyName: "full", PolicyDocument: allowGet}))
		for range 3 {
			steps = append(steps, createPolicyVersion(iam.CreatePolicyVersionInput{PolicyARN: "arn:aws:iam::" + account + ":policy/full", PolicyDocument: allowPut}))
		}
	case 2: // forty-nine tags of fifty
		g.role, g.user, g.policy, g.profile = "Full", "full", "full", "full"
		role.Tags, user.Tags = full(49), full(49)
		steps = append(steps, createRole(role), createUser(user),
			createPolicy(iam.CreatePolicyInput{PolicyName: "full", PolicyDocument: allowGet, Tags: full(49)}),
			createProfile(iam.CreateInstanceProfileInput{InstanceProfileName: "full", Tags: full(49)}),
			createProvider(iam.CreateOpenIDConnectProviderInput{URL: "https://oidc.example.com/id/ABC", Tags: full(49)}))
	case 3: // nine groups of ten
		g.user = "full"
		steps = append(steps, createUser(user), createGroup(iam.CreateGroupInput{GroupName: "dev"}), createGroup(iam.CreateGroupInput{GroupName: "ops"}))
		for i := range 9 {
			name := fmt.Sprint("full", i)
			steps = append(steps, createGroup(iam.CreateGroupInput{GroupName: name}), addUser(iam.MembershipInput{GroupName: name, UserName: "full"}))
		}
	case 4: // nearly as much as inline policies may be
		g.role = "Full"
		steps = append(steps, createRole(role),
			putPolicy(iam.PutPolicyInput{IdentityName: iam.OfRole("Full"), PolicyName: "first", PolicyDocument: padded(4400)}),
			putPolicy(iam.PutPolicyInput{IdentityName: iam.OfRole("Full"), PolicyName: "second", PolicyDocument: padded(4400)}))
	case 5: // a role that is a service's
		g.role = "AWSServiceRoleForAmazonEKS"
		steps = append(steps, createLinkedRole("eks.amazonaws.com"))
	case 6: // somebody whom trust policies name
		steps = append(steps, createUser(iam.CreateUserInput{UserName: "bob", Path: "/team/"}),
			createRole(iam.CreateRoleInput{RoleName: "Writer", AssumeRolePolicyDocument: naming(arnAlice, arnReader, arnBob)}))
	}
	return steps
}

func byPath(in *iam.ListByPathInput) *iam.Paging         { return &in.Paging }
func byIdentity(in *iam.ListByIdentityInput) *iam.Paging { return &in.Paging }
func byPolicy(in *iam.ListByPolicyInput) *iam.Paging     { return &in.Paging }

func roleCalls() []one {
	return []one{
		{9, func(g *generator) step {
			return createRole(iam.CreateRoleInput{
				RoleName: g.roleName(), Path: g.path(), AssumeRolePolicyDocument: g.trust(), Description: pick(g, "", "d"), Tags: g.tags(),
				PermissionsBoundary: g.boundary(), MaxSessionDuration: pick(g, nil, nil, new(7200), new(3599), new(43200), new(43201)),
			})
		}},
		{3, func(g *generator) step { return getRole(g.roleName()) }},
		{2, func(g *generator) step { return listRoles(g.pageSize(), g.prefix()) }},
		{2, func(g *generator) step {
			return change("UpdateRole", iam.UpdateRoleInput{RoleName: g.roleName(), Description: pick(g, nil, new("new")), MaxSessionDuration: pick(g, nil, new(7200), new(1))},
				(*iam.Directory).UpdateRole, (*model).updateRole)
		}},
		{1, func(g *generator) step {
			return of("UpdateRoleDescription", iam.UpdateRoleDescriptionInput{RoleName: g.roleName(), Description: "newer"},
				(*iam.Directory).UpdateRoleDescription, (*model).updateRoleDescription)
		}},
		{4, func(g *generator) step {
			return change("UpdateAssumeRolePolicy", iam.UpdateAssumeRolePolicyInput{RoleName: g.roleName(), PolicyDocument: g.trust()},
				(*iam.Directory).UpdateAssumeRolePolicy, (*model).updateAssumeRolePolicy)
		}},
		{6, func(g *generator) step {
			return change("DeleteRole", iam.IdentityInput{IdentityName: iam.OfRole(g.roleName())}, (*iam.Directory).DeleteRole, (*model).deleteRole)
		}},
		{2, func(g *generator) step {
			return createLinkedRole(pick(g, "eks.amazonaws.com", "eks.amazonaws.com", "autoscaling.amazonaws.com", "none.amazonaws.com"))
		}},
		{2, func(g *generator) step {
			return of("DeleteServiceLinkedRole", iam.IdentityInput{IdentityName: iam.OfRole(often(g, "AWSServiceRoleForAmazonEKS", g.roleName()))},
				(*iam.Directory).DeleteServiceLinkedRole, (*model).deleteServiceLinkedRole)
		}},
	}
}

func createRole(in iam.CreateRoleInput) step {
	return of("CreateRole", in, (*iam.Directory).CreateRole, (*model).createRole)
}

func createLinkedRole(service string) step {
	return of("CreateServiceLinkedRole", iam.CreateServiceLinkedRoleInput{AWSServiceName: service}, (*iam.Directory).CreateServiceLinkedRole, (*model).createServiceLinkedRole)
}

func getRole(name string) step {
	return of("GetRole", iam.IdentityInput{IdentityName: iam.OfRole(name)}, (*iam.Directory).GetRole, (*model).getRole)
}

func listRoles(size int, prefix string) step {
	return listed("ListRoles", size, iam.ListByPathInput{PathPrefix: prefix}, byPath, (*iam.Directory).ListRoles, (*model).listRoles)
}

func userCalls() []one {
	return []one{
		{7, func(g *generator) step {
			return createUser(iam.CreateUserInput{UserName: g.userName(), Path: g.path(), PermissionsBoundary: g.boundary(), Tags: g.tags()})
		}},
		{4, func(g *generator) step {
			return createGroup(iam.CreateGroupInput{GroupName: g.groupName(), Path: g.path()})
		}},
		{2, func(g *generator) step { return getUser(g.maybeUser()) }},
		{1, func(g *generator) step { return getGroup(g.pageSize(), g.groupName()) }},
		{1, func(g *generator) step { return listUsers(g.pageSize(), g.prefix()) }},
		{1, func(g *generator) step { return listGroups(g.pageSize(), g.prefix()) }},
		{1, func(g *generator) step { return listGroupsForUser(g.pageSize(), g.userName()) }},
		{4, func(g *generator) step {
			return change("UpdateUser", iam.UpdateUserInput{UserName: g.userName(), NewUserName: pick(g, "", g.userName()), NewPath: g.path()},
				(*iam.Directory).UpdateUser, (*model).updateUser)
		}},
		{2, func(g *generator) step {
			return change("UpdateGroup", iam.UpdateGroupInput{GroupName: g.groupName(), NewGroupName: pick(g, "", g.groupName()), NewPath: g.path()},
				(*iam.Directory).UpdateGroup, (*model).updateGroup)
		}},
		{5, func(g *generator) step {
			return change("DeleteUser", iam.IdentityInput{IdentityName: iam.OfUser(g.userName())}, (*iam.Directory).DeleteUser, (*model).deleteUser)
		}},
		{3, func(g *generator) step {
			return change("DeleteGroup", iam.IdentityInput{IdentityName: iam.OfGroup(g.groupName())}, (*iam.Directory).DeleteGroup, (*model).deleteGroup)
		}},
		{6, func(g *generator) step {
			return addUser(iam.MembershipInput{GroupName: g.groupName(), UserName: g.userName()})
		}},
		{3, func(g *generator) step {
			return change("RemoveUserFromGroup", iam.MembershipInput{GroupName: g.groupName(), UserName: g.userName()}, (*iam.Directory).RemoveUserFromGroup, (*model).removeUserFromGroup)
		}},
	}
}

func createUser(in iam.CreateUserInput) step {
	return of("CreateUser", in, (*iam.Directory).CreateUser, (*model).createUser)
}

func createGroup(in iam.CreateGroupInput) step {
	return of("CreateGroup", in, (*iam.Directory).CreateGroup, (*model).createGroup)
}

func addUser(in iam.MembershipInput) step {
	return change("AddUserToGroup", in, (*iam.Directory).AddUserToGroup, (*model).addUserToGroup)
}

func getUser(name *string) step {
	return of("GetUser", iam.UserInput{UserName: name}, (*iam.Directory).GetUser, (*model).getUser)
}

func listUsers(size int, prefix string) step {
	return listed("ListUsers", size, iam.ListByPathInput{PathPrefix: prefix}, byPath, (*iam.Directory).ListUsers, (*model).listUsers)
}

func listGroups(size int, prefix string) step {
	return listed("ListGroups", size, iam.ListByPathInput{PathPrefix: prefix}, byPath, (*iam.Directory).ListGroups, (*model).listGroups)
}

func listGroupsForUser(size int, user string) step {
	return listed("ListGroupsForUser", size, iam.ListByIdentityInput{IdentityName: iam.OfUser(user)}, byIdentity,
		(*iam.Directory).ListGroupsForUser, (*model).listGroupsForUser)
}

// getGroup puts the pages of a group's users together.
func getGroup(size int, name string) step {
	return of("GetGroup", iam.ListByIdentityInput{IdentityName: iam.OfGroup(name)},
		func(d *iam.Directory, ctx context.Context, c iam.Caller, in iam.ListByIdentityInput) (all iam.GroupMembers, err error) {
			for in.MaxItems = &size; ; in.Marker = all.Marker {
				page, err := d.GetGroup(ctx, c, in)
				if err != nil {
					return iam.GroupMembers{}, err
				}
				all.Group, all.Items, all.Marker = page.Group, append(all.Items, page.Items...), page.Marker
				if !page.IsTruncated {
					return all, nil
				}
			}
		}, (*model).getGroup)
}

func keyCalls() []one {
	return []one{
		{7, func(g *generator) step {
			return of("CreateAccessKey", iam.UserInput{UserName: g.maybeUser()}, (*iam.Directory).CreateAccessKey, (*model).createAccessKey)
		}},
		{3, func(g *generator) step {
			return change("UpdateAccessKey", iam.AccessKeyInput{UserName: g.keyHolder(), AccessKeyID: g.accessKey(), Status: pick(g, "Active", "Inactive", "Inactive", "active")},
				(*iam.Directory).UpdateAccessKey, (*model).updateAccessKey)
		}},
		{4, func(g *generator) step {
			return change("DeleteAccessKey", iam.AccessKeyInput{UserName: g.keyHolder(), AccessKeyID: g.accessKey()}, (*iam.Directory).DeleteAccessKey, (*model).deleteAccessKey)
		}},
		{1, func(g *generator) step { return listAccessKeys(g.pageSize(), g.maybeUser()) }},
		{1, func(g *generator) step {
			return of("GetAccessKeyLastUsed", iam.AccessKeyInput{AccessKeyID: g.accessKey()}, (*iam.Directory).GetAccessKeyLastUsed, (*model).getAccessKeyLastUsed)
		}},
	}
}

func listAccessKeys(size int, user *string) step {
	return listed("ListAccessKeys", size, iam.ListByUserInput{UserName: user}, func(in *iam.ListByUserInput) *iam.Paging { return &in.Paging },
		(*iam.Directory).ListAccessKeys, (*model).listAccessKeys)
}
