package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func testUsers(t *testing.T, w *iamWorld) {
	made := ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("Users-Ann"), Path: new("/users/"), Tags: []types.Tag{tag("team", "shop")}}).User
	read := ask(t, w.iam.GetUser, &iam.GetUserInput{UserName: new("users-ann")}).User
	for name, u := range map[string]*types.User{"CreateUser": made, "GetUser": read} {
		if aws.ToString(u.UserName) != "Users-Ann" || aws.ToString(u.Path) != "/users/" || aws.ToString(u.Arn) != w.arn("user/users/Users-Ann") || u.PasswordLastUsed != nil || u.PermissionsBoundary != nil {
			t.Errorf("%s answered %+v", name, *u)
		}
		wantNames(t, tagText(u.Tags), "team=shop")
		wantUniqueID(t, u.UserId, "AIDA")
		wantNow(t, u.CreateDate)
	}
	// Of the account's root AWS tells the account's id, its ARN and a date.
	if root := ask(t, w.iam.GetUser, &iam.GetUserInput{}).User; aws.ToString(root.Arn) != w.arn("root") || aws.ToString(root.UserId) != w.account || aws.ToString(root.UserName) != "" {
		t.Errorf("the root is %+v", *root)
	}
	for _, name := range []string{"Users-b", "Users-A"} {
		ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: &name, Path: new("/users/")})
	}
	wantPages(t, iam.NewListUsersPaginator(w.iam, &iam.ListUsersInput{PathPrefix: new("/users/"), MaxItems: aws.Int32(1)}), func(page *iam.ListUsersOutput) []string {
		for _, u := range page.Users {
			if u.Tags != nil || u.PermissionsBoundary != nil {
				t.Errorf("ListUsers shows %+v", u)
			}
		}
		return namesOf(page.Users, func(u types.User) *string { return u.UserName })
	}, "Users-A", "Users-Ann", "Users-b")
	refuse(t, w.iam.ListUsers, &iam.ListUsersInput{PathPrefix: new("users")}, 400, "ValidationError",
		"The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.")
	refuse(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("USERS-ANN")}, 409, "EntityAlreadyExists", "User with name USERS-ANN already exists.")
	refuse(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("Users Ann")}, 400, "ValidationError", "The specified value for userName is invalid. "+badNameText)
	refuse(t, w.iam.UpdateUser, &iam.UpdateUserInput{UserName: new("Users-b"), NewUserName: new("users-a")}, 409, "EntityAlreadyExists", "User with name users-a already exists.")
	const nobody = "The user with name nobody cannot be found."
	refuse(t, w.iam.GetUser, &iam.GetUserInput{UserName: new("nobody")}, 404, "NoSuchEntity", nobody)
	refuse(t, w.iam.UpdateUser, &iam.UpdateUserInput{UserName: new("nobody"), NewPath: new("/x/")}, 404, "NoSuchEntity", nobody)
	refuse(t, w.iam.DeleteUser, &iam.DeleteUserInput{UserName: new("nobody")}, 404, "NoSuchEntity", nobody)

	// A renamed user is the same one.
	ask(t, w.iam.UpdateUser, &iam.UpdateUserInput{UserName: new("Users-b"), NewUserName: new("Users-c"), NewPath: new("/moved/")})
	moved := ask(t, w.iam.GetUser, &iam.GetUserInput{UserName: new("Users-c")}).User
	if aws.ToString(moved.Arn) != w.arn("user/moved/Users-c") {
		t.Errorf("after UpdateUser: %+v", *moved)
	}
	ask(t, w.iam.PutUserPolicy, &iam.PutUserPolicyInput{UserName: new("Users-c"), PolicyName: new("p"), PolicyDocument: new(allowGet)})
	refuse(t, w.iam.DeleteUser, &iam.DeleteUserInput{UserName: new("Users-c")}, 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	ask(t, w.iam.DeleteUserPolicy, &iam.DeleteUserPolicyInput{UserName: new("Users-c"), PolicyName: new("p")})
	ask(t, w.iam.DeleteUser, &iam.DeleteUserInput{UserName: new("Users-c")})
	refuse(t, w.iam.GetUser, &iam.GetUserInput{UserName: new("Users-c")}, 404, "NoSuchEntity", "")
}

func testAccessKeys(t *testing.T, w *iamWorld) {
	name := new("keys")
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: name})
	first := ask(t, w.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: name}).AccessKey
	second := ask(t, w.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: name}).AccessKey
	if id := aws.ToString(first.AccessKeyId); !strings.HasPrefix(id, "AKIA") || len(id) != 20 || len(aws.ToString(first.SecretAccessKey)) != 40 ||
		aws.ToString(first.UserName) != "keys" || first.Status != types.StatusTypeActive || id == aws.ToString(second.AccessKeyId) {
		t.Errorf("CreateAccessKey answered id %s, %d characters of secret, %s, %s", id, len(aws.ToString(first.SecretAccessKey)), aws.ToString(first.UserName), first.Status)
	}
	wantNow(t, first.CreateDate)
	refuse(t, w.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: name}, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	refuse(t, w.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: new("nobody")}, 404, "NoSuchEntity", "The user with name nobody cannot be found.")
	if own := ask(t, w.iam.ListAccessKeys, &iam.ListAccessKeysInput{}).AccessKeyMetadata; len(own) != 1 || own[0].UserName != nil {
		t.Errorf("root's own keys are %+v", own)
	}
	refuse(t, w.iam.DeleteUser, &iam.DeleteUserInput{UserName: name}, 409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")

	listed := map[string]types.AccessKeyMetadata{}
	pages := iam.NewListAccessKeysPaginator(w.iam, &iam.ListAccessKeysInput{UserName: name, MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range page.AccessKeyMetadata {
			listed[*key.AccessKeyId] = key
		}
	}
	if len(listed) != 2 || listed[*first.AccessKeyId].Status != types.StatusTypeActive || aws.ToString(listed[*second.AccessKeyId].UserName) != "keys" {
		t.Errorf("ListAccessKeys shows %+v", listed)
	}

	// The key works, is seen to have been used, and does not work while it is inactive.
	unused := ask(t, w.iam.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: first.AccessKeyId})
	if use := unused.AccessKeyLastUsed; aws.ToString(unused.UserName) != "keys" || aws.ToString(use.ServiceName) != "N/A" || aws.ToString(use.Region) != "N/A" || use.LastUsedDate != nil {
		t.Errorf("GetAccessKeyLastUsed answered %+v of a key that was not used", use)
	}
	own := newSDK(t, w.endpoint, credentials.NewStaticCredentialsProvider(*first.AccessKeyId, *first.SecretAccessKey, ""))
	identity, err := own.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(identity.Arn) != w.arn("user/keys") {
		t.Fatalf("the key's owner is %+v: %v", identity, err)
	}
	used := ask(t, w.iam.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: first.AccessKeyId}).AccessKeyLastUsed
	if aws.ToString(used.ServiceName) != "sts" || aws.ToString(used.Region) != "us-east-1" || used.LastUsedDate == nil {
		t.Errorf("GetAccessKeyLastUsed answered %+v", used)
	}
	ask(t, w.iam.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: first.AccessKeyId, Status: types.StatusTypeInactive})
	_, err = own.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	want(t, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")

	members := map[string]any{"UserName": name, "AccessKeyId": new("AKIAIOSFODNN7EXAMPLE"), "Status": types.StatusTypeActive}
	for _, operation := range []string{"UpdateAccessKey", "DeleteAccessKey"} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 404, "NoSuchEntity", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.")
	}
	refuse(t, w.iam.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: first.AccessKeyId, Status: "Lost"}, 400, "ValidationError", "")
	// Nobody is told whether a key is there, not even the root (docs/compatibility.md).
	refuse(t, w.iam.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: new("AKIAIOSFODNN7EXAMPLE")}, 403, "AccessDenied",
		"User: "+w.arn("root")+" is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE")
	for _, key := range []*types.AccessKey{first, second} {
		ask(t, w.iam.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId})
	}
	ask(t, w.iam.DeleteUser, &iam.DeleteUserInput{UserName: name})
}

func testGroups(t *testing.T, w *iamWorld) {
	made := ask(t, w.iam.CreateGroup, &iam.CreateGroupInput{GroupName: new("Groups-Dev"), Path: new("/groups/")}).Group
	if aws.ToString(made.GroupName) != "Groups-Dev" || aws.ToString(made.Path) != "/groups/" || aws.ToString(made.Arn) != w.arn("group/groups/Groups-Dev") {
		t.Errorf("CreateGroup answered %+v", *made)
	}
	wantUniqueID(t, made.GroupId, "AGPA")
	wantNow(t, made.CreateDate)
	for _, name := range []string{"groups-b", "Groups-a"} {
		ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: &name})
		ask(t, w.iam.CreateGroup, &iam.CreateGroupInput{GroupName: &name, Path: new("/groups/")})
		ask(t, w.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("groups-dev"), UserName: &name})
		ask(t, w.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: &name, UserName: new("groups-b")})
	}
	ask(t, w.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("groups-dev"), UserName: new("groups-b")}) // once more is no error
	wantPages(t, iam.NewGetGroupPaginator(w.iam, &iam.GetGroupInput{GroupName: new("groups-dev"), MaxItems: aws.Int32(1)}), func(page *iam.GetGroupOutput) []string {
		if aws.ToString(page.Group.GroupId) != *made.GroupId {
			t.Errorf("GetGroup answered %+v", *page.Group)
		}
		return namesOf(page.Users, func(u types.User) *string { return u.UserName })
	}, "Groups-a", "groups-b")
	groupNames := func(groups []types.Group) []string {
		return namesOf(groups, func(g types.Group) *string { return g.GroupName })
	}
	wantPages(t, iam.NewListGroupsForUserPaginator(w.iam, &iam.ListGroupsForUserInput{UserName: new("groups-b"), MaxItems: aws.Int32(1)}),
		func(page *iam.ListGroupsForUserOutput) []string { return groupNames(page.Groups) }, "Groups-a", "groups-b", "Groups-Dev")
	wantPages(t, iam.NewListGroupsPaginator(w.iam, &iam.ListGroupsInput{PathPrefix: new("/groups/"), MaxItems: aws.Int32(1)}),
		func(page *iam.ListGroupsOutput) []string { return groupNames(page.Groups) }, "Groups-a", "groups-b", "Groups-Dev")

	refuse(t, w.iam.CreateGroup, &iam.CreateGroupInput{GroupName: new("GROUPS-DEV")}, 409, "EntityAlreadyExists", "Group with name GROUPS-DEV already exists.")
	refuse(t, w.iam.UpdateGroup, &iam.UpdateGroupInput{GroupName: new("groups-b"), NewGroupName: new("GROUPS-DEV")}, 409, "EntityAlreadyExists", "Group with name GROUPS-DEV already exists.")
	refuse(t, w.iam.DeleteGroup, &iam.DeleteGroupInput{GroupName: new("groups-dev")}, 409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	refuse(t, w.iam.DeleteUser, &iam.DeleteUserInput{UserName: new("groups-b")}, 409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	const nobody = "The group with name nobody cannot be found."
	members := map[string]any{"GroupName": new("nobody"), "UserName": new("groups-b"), "NewPath": new("/x/")}
	for _, operation := range []string{"GetGroup", "UpdateGroup", "DeleteGroup", "AddUserToGroup", "RemoveUserFromGroup"} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 404, "NoSuchEntity", nobody)
	}
	refuse(t, w.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("groups-dev"), UserName: new("nobody")}, 404, "NoSuchEntity", "The user with name nobody cannot be found.")
	refuse(t, w.iam.ListGroupsForUser, &iam.ListGroupsForUserInput{UserName: new("nobody")}, 404, "NoSuchEntity", "The user with name nobody cannot be found.")
	refuse(t, w.iam.ListGroups, &iam.ListGroupsInput{MaxItems: aws.Int32(0)}, 400, "ValidationError",
		"1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1")

	// A renamed group keeps its users.
	ask(t, w.iam.UpdateGroup, &iam.UpdateGroupInput{GroupName: new("groups-dev"), NewGroupName: new("groups-ops"), NewPath: new("/moved/")})
	moved := ask(t, w.iam.GetGroup, &iam.GetGroupInput{GroupName: new("groups-ops")})
	if aws.ToString(moved.Group.Arn) != w.arn("group/moved/groups-ops") || aws.ToString(moved.Group.GroupId) != *made.GroupId || len(moved.Users) != 2 {
		t.Errorf("after UpdateGroup: %+v with %d users", *moved.Group, len(moved.Users))
	}
	for _, name := range []string{"groups-b", "Groups-a"} {
		ask(t, w.iam.RemoveUserFromGroup, &iam.RemoveUserFromGroupInput{GroupName: new("groups-ops"), UserName: &name})
	}
	ask(t, w.iam.DeleteGroup, &iam.DeleteGroupInput{GroupName: new("groups-ops")})
	// IAM quotas: ten groups for a user.
	for i := range 9 {
		name := "groups-many-" + string(rune('0'+i))
		ask(t, w.iam.CreateGroup, &iam.CreateGroupInput{GroupName: &name})
		_, err := w.iam.AddUserToGroup(t.Context(), &iam.AddUserToGroupInput{GroupName: &name, UserName: new("groups-b")})
		if i < 8 && err != nil {
			t.Fatal(err)
		} else if i == 8 {
			wantExactly(t, err, 409, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10")
		}
	}
}

func testInstanceProfiles(t *testing.T, w *iamWorld) {
	for _, name := range []string{"profiles-one", "profiles-two"} {
		ask(t, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(trustEC2)})
	}
	made := ask(t, w.iam.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("Profiles-Node"), Path: new("/profiles/"), Tags: []types.Tag{tag("team", "shop")}}).InstanceProfile
	if aws.ToString(made.InstanceProfileName) != "Profiles-Node" || aws.ToString(made.Path) != "/profiles/" || aws.ToString(made.Arn) != w.arn("instance-profile/profiles/Profiles-Node") || len(made.Roles) != 0 {
		t.Errorf("CreateInstanceProfile answered %+v", *made)
	}
	wantNames(t, tagText(made.Tags), "team=shop")
	wantUniqueID(t, made.InstanceProfileId, "AIPA")
	wantNow(t, made.CreateDate)
	name, role := new("profiles-node"), new("profiles-one")
	ask(t, w.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: role})
	read := ask(t, w.iam.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: name}).InstanceProfile
	if len(read.Roles) != 1 || aws.ToString(read.Roles[0].Arn) != w.arn("role/profiles-one") || document(t, read.Roles[0].AssumeRolePolicyDocument) != trustEC2 {
		t.Errorf("GetInstanceProfile shows the roles %+v", read.Roles)
	}
	refuse(t, w.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: new("profiles-two")}, 409, "LimitExceeded",
		"Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	refuse(t, w.iam.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: name}, 409, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	refuse(t, w.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: role}, 409, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	refuse(t, w.iam.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: name}, 409, "EntityAlreadyExists", "Instance Profile profiles-node already exists.")
	refuse(t, w.iam.RemoveRoleFromInstanceProfile, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: new("profiles-two")}, 404, "NoSuchEntity", "")
	for _, other := range []string{"profiles-b", "Profiles-a"} {
		ask(t, w.iam.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: &other, Path: new("/profiles/")})
	}
	ask(t, w.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("profiles-b"), RoleName: role})
	profileNames := func(profiles []types.InstanceProfile) []string {
		return namesOf(profiles, func(p types.InstanceProfile) *string { return p.InstanceProfileName })
	}
	wantPages(t, iam.NewListInstanceProfilesPaginator(w.iam, &iam.ListInstanceProfilesInput{PathPrefix: new("/profiles/"), MaxItems: aws.Int32(1)}),
		func(page *iam.ListInstanceProfilesOutput) []string { return profileNames(page.InstanceProfiles) }, "Profiles-Node", "Profiles-a", "profiles-b") // by bytes
	wantPages(t, iam.NewListInstanceProfilesForRolePaginator(w.iam, &iam.ListInstanceProfilesForRoleInput{RoleName: role, MaxItems: aws.Int32(1)}),
		func(page *iam.ListInstanceProfilesForRoleOutput) []string { return profileNames(page.InstanceProfiles) }, "Profiles-Node", "profiles-b")
	if none := ask(t, w.iam.ListInstanceProfilesForRole, &iam.ListInstanceProfilesForRoleInput{RoleName: new("profiles-two")}).InstanceProfiles; none == nil || len(none) != 0 {
		t.Errorf("a role in no profile is in %#v, want an empty list", none)
	}
	refuse(t, w.iam.ListInstanceProfilesForRole, &iam.ListInstanceProfilesForRoleInput{RoleName: new("nobody")}, 404, "NoSuchEntity", "The role with name nobody cannot be found.")
	refuse(t, w.iam.ListInstanceProfiles, &iam.ListInstanceProfilesInput{PathPrefix: new("x")}, 400, "ValidationError", "")
	refuse(t, w.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("profiles-a"), RoleName: new("nobody")}, 404, "NoSuchEntity", "The role with name nobody cannot be found.")
	members := map[string]any{"InstanceProfileName": new("nobody"), "RoleName": role}
	for _, operation := range []string{"GetInstanceProfile", "DeleteInstanceProfile", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 404, "NoSuchEntity", "Instance Profile nobody cannot be found.")
	}
	ask(t, w.iam.RemoveRoleFromInstanceProfile, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: role})
	ask(t, w.iam.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	refuse(t, w.iam.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: name}, 404, "NoSuchEntity", "")
}
