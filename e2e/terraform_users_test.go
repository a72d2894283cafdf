package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// user: aws_iam_user with force_destroy.
func (tf *terraform) user(t *testing.T) {
	name := new("tf-user")
	const boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
	// Create and read; an import is by the name.
	ask(t, tf.iam.CreateUser, &iam.CreateUserInput{UserName: name, Path: new("/"), PermissionsBoundary: new(boundary), Tags: []types.Tag{tag("a", "b")}})
	read := func() *types.User {
		t.Helper()
		return ask(t, tf.iam.GetUser, &iam.GetUserInput{UserName: name}).User
	}
	first := read()
	if aws.ToString(first.Path) != "/" || aws.ToString(first.PermissionsBoundary.PermissionsBoundaryArn) != boundary || len(first.Tags) != 1 {
		t.Errorf("user = %+v", *first)
	}
	// Update: name and path are sent together; the boundary; tags.
	ask(t, tf.iam.UpdateUser, &iam.UpdateUserInput{UserName: name, NewUserName: new("tf-user-renamed"), NewPath: new("/people/")})
	name = new("tf-user-renamed")
	ask(t, tf.iam.DeleteUserPermissionsBoundary, &iam.DeleteUserPermissionsBoundaryInput{UserName: name})
	ask(t, tf.iam.UntagUser, &iam.UntagUserInput{UserName: name, TagKeys: []string{"a"}})
	if got := read(); aws.ToString(got.UserId) != aws.ToString(first.UserId) || aws.ToString(got.Path) != "/people/" || got.PermissionsBoundary != nil || len(got.Tags) != 0 {
		t.Errorf("after the update: %+v", *got)
	}
	ask(t, tf.iam.PutUserPermissionsBoundary, &iam.PutUserPermissionsBoundaryInput{UserName: name, PermissionsBoundary: new(boundary)})

	// Delete with force_destroy, of a user with two keys and a group that Terraform does not know of.
	ask(t, tf.iam.CreateGroup, &iam.CreateGroupInput{GroupName: new("tf-group")})
	ask(t, tf.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("tf-group"), UserName: name})
	for range 2 {
		ask(t, tf.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: name})
	}
	for _, group := range ask(t, tf.iam.ListGroupsForUser, &iam.ListGroupsForUserInput{UserName: name}).Groups {
		ask(t, tf.iam.RemoveUserFromGroup, &iam.RemoveUserFromGroupInput{GroupName: group.GroupName, UserName: name})
	}
	for _, key := range ask(t, tf.iam.ListAccessKeys, &iam.ListAccessKeysInput{UserName: name}).AccessKeyMetadata {
		ask(t, tf.iam.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId})
	}
	// What a plane has none of answers as if there were none, so that the provider goes on.
	if keys := ask(t, tf.iam.ListSSHPublicKeys, &iam.ListSSHPublicKeysInput{UserName: name}); len(keys.SSHPublicKeys) != 0 || keys.IsTruncated {
		t.Errorf("SSH keys are %+v", *keys)
	}
	if devices := ask(t, tf.iam.ListVirtualMFADevices, &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned}); len(devices.VirtualMFADevices) != 0 || devices.IsTruncated {
		t.Errorf("virtual devices are %+v", *devices)
	}
	if devices := ask(t, tf.iam.ListMFADevices, &iam.ListMFADevicesInput{UserName: name}); len(devices.MFADevices) != 0 || devices.IsTruncated {
		t.Errorf("devices are %+v", *devices)
	}
	gone(t, tf.iam.DeleteLoginProfile, &iam.DeleteLoginProfileInput{UserName: name}) // which is accepted
	if found := ask(t, tf.iam.ListSigningCertificates, &iam.ListSigningCertificatesInput{UserName: name}); len(found.Certificates) != 0 || found.IsTruncated {
		t.Errorf("certificates are %+v", *found)
	}
	if found := ask(t, tf.iam.ListServiceSpecificCredentials, &iam.ListServiceSpecificCredentialsInput{UserName: name}); len(found.ServiceSpecificCredentials) != 0 {
		t.Errorf("credentials are %+v", *found)
	}
	ask(t, tf.iam.DeleteUser, &iam.DeleteUserInput{UserName: name})
	gone(t, tf.iam.GetUser, &iam.GetUserInput{UserName: name})
	gone(t, tf.iam.ListGroupsForUser, &iam.ListGroupsForUserInput{UserName: name})
	gone(t, tf.iam.DeleteUser, &iam.DeleteUserInput{UserName: name})
}

// accessKey: aws_iam_access_key.
func (tf *terraform) accessKey(t *testing.T) {
	name := new("tf-key-owner")
	ask(t, tf.iam.CreateUser, &iam.CreateUserInput{UserName: name})
	// Create, as inactive: a key, then its status.
	made := ask(t, tf.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: name}).AccessKey
	if !accessKeyID.MatchString(aws.ToString(made.AccessKeyId)) || aws.ToString(made.SecretAccessKey) == "" || made.CreateDate == nil {
		t.Errorf("the key is %s of %v", aws.ToString(made.AccessKeyId), made.CreateDate)
	}
	ask(t, tf.iam.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: made.AccessKeyId, Status: types.StatusTypeInactive})
	// Read: among the user's keys.
	read := func() *types.AccessKeyMetadata {
		t.Helper()
		for _, key := range ask(t, tf.iam.ListAccessKeys, &iam.ListAccessKeysInput{UserName: name}).AccessKeyMetadata {
			if aws.ToString(key.AccessKeyId) == *made.AccessKeyId {
				return &key
			}
		}
		return nil
	}
	if got := read(); got == nil || got.Status != types.StatusTypeInactive || aws.ToString(got.UserName) != *name || !got.CreateDate.Equal(*made.CreateDate) {
		t.Errorf("the key reads %+v", got)
	}
	// Import by the key's id finds the user.
	if use := ask(t, tf.iam.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: made.AccessKeyId}); aws.ToString(use.UserName) != *name {
		t.Errorf("the key is of %s", aws.ToString(use.UserName))
	}
	// Update and delete.
	ask(t, tf.iam.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: made.AccessKeyId, Status: types.StatusTypeActive})
	if got := read(); got.Status != types.StatusTypeActive {
		t.Errorf("the key is %s", got.Status)
	}
	ask(t, tf.iam.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: made.AccessKeyId})
	if read() != nil {
		t.Error("the key is still there")
	}
	ask(t, tf.iam.DeleteUser, &iam.DeleteUserInput{UserName: name})
	gone(t, tf.iam.ListAccessKeys, &iam.ListAccessKeysInput{UserName: name})
}

// dataSources: aws_iam_role, _roles, _policy, _openid_connect_provider, _instance_profile, _instance_profiles, _user, _users, _user_ssh_key's
// neighbours aws_iam_access_keys, aws_iam_group and aws_iam_account_alias, and the session's issuer.
func (tf *terraform) dataSources(t *testing.T) {
	role, user := new("tf-data-role"), new("tf-data-user")
	ask(t, tf.iam.CreateRole, &iam.CreateRoleInput{RoleName: role, Path: new("/tf-data/"), AssumeRolePolicyDocument: new(trustEC2), Tags: []types.Tag{tag("a", "b")}})
	policy := ask(t, tf.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("tf-data"), Path: new("/tf-data/"), PolicyDocument: new(allowGet)}).Policy
	ask(t, tf.iam.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{Url: new("https://tf-data.example.com/id/1"), ClientIDList: []string{"sts.amazonaws.com"}})
	ask(t, tf.iam.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("tf-data"), Path: new("/tf-data/")})
	ask(t, tf.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("tf-data"), RoleName: role})
	ask(t, tf.iam.CreateUser, &iam.CreateUserInput{UserName: user, Path: new("/tf-data/")})
	ask(t, tf.iam.CreateGroup, &iam.CreateGroupInput{GroupName: new("tf-data")})
	ask(t, tf.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("tf-data"), UserName: user})
	ask(t, tf.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: user})

	// data.aws_iam_role and data.aws_iam_session_context, by the name.
	got := ask(t, tf.iam.GetRole, &iam.GetRoleInput{RoleName: role}).Role
	equivalent(t, got.AssumeRolePolicyDocument, trustEC2)
	if got.RoleLastUsed == nil || got.RoleLastUsed.LastUsedDate != nil { // role_last_used: an element, empty
		t.Errorf("RoleLastUsed = %+v", got.RoleLastUsed)
	}
	// data.aws_iam_roles, by path_prefix.
	wantPages(t, iam.NewListRolesPaginator(tf.iam, &iam.ListRolesInput{PathPrefix: new("/tf-data/")}),
		func(page *iam.ListRolesOutput) []string {
			return namesOf(page.Roles, func(r types.Role) *string { return r.RoleName })
		}, *role)
	// data.aws_iam_policy by name: through all pages of the path, then as the resource reads it.
	wantPages(t, iam.NewListPoliciesPaginator(tf.iam, &iam.ListPoliciesInput{PathPrefix: new("/tf-data/")}),
		func(page *iam.ListPoliciesOutput) []string {
			return namesOf(page.Policies, func(p types.Policy) *string { return p.Arn })
		}, *policy.Arn)
	if count := ask(t, tf.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: policy.Arn}).Policy.AttachmentCount; aws.ToInt32(count) != 0 {
		t.Errorf("attachment_count = %d", *count)
	}
	// data.aws_iam_openid_connect_provider by url: the ARN that ends with it, then the provider.
	found := 0
	for _, entry := range ask(t, tf.iam.ListOpenIDConnectProviders, &iam.ListOpenIDConnectProvidersInput{}).OpenIDConnectProviderList {
		if _, url, _ := strings.Cut(aws.ToString(entry.Arn), "/"); url == "tf-data.example.com/id/1" {
			found++
			ask(t, tf.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: entry.Arn})
		}
	}
	if found != 1 {
		t.Errorf("the provider was found %d times", found)
	}
	// data.aws_iam_instance_profile and _instance_profiles (by role_name).
	profile := ask(t, tf.iam.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: new("tf-data")}).InstanceProfile
	if aws.ToString(profile.Roles[0].Arn) != aws.ToString(got.Arn) || aws.ToString(profile.Roles[0].RoleId) != aws.ToString(got.RoleId) {
		t.Errorf("role_arn = %s", aws.ToString(profile.Roles[0].Arn))
	}
	wantPages(t, iam.NewListInstanceProfilesForRolePaginator(tf.iam, &iam.ListInstanceProfilesForRoleInput{RoleName: role}), func(page *iam.ListInstanceProfilesForRoleOutput) []string {
		return namesOf(page.InstanceProfiles, func(p types.InstanceProfile) *string { return p.InstanceProfileName })
	}, "tf-data")
	// data.aws_iam_users, _user, _access_keys, _group, _account_alias.
	wantPages(t, iam.NewListUsersPaginator(tf.iam, &iam.ListUsersInput{PathPrefix: new("/tf-data/")}),
		func(page *iam.ListUsersOutput) []string {
			return namesOf(page.Users, func(u types.User) *string { return u.UserName })
		}, *user)
	wantPages(t, iam.NewListAccessKeysPaginator(tf.iam, &iam.ListAccessKeysInput{UserName: user}), func(page *iam.ListAccessKeysOutput) []string {
		return namesOf(page.AccessKeyMetadata, func(k types.AccessKeyMetadata) *string { return k.UserName })
	}, *user)
	wantPages(t, iam.NewGetGroupPaginator(tf.iam, &iam.GetGroupInput{GroupName: new("tf-data")}),
		func(page *iam.GetGroupOutput) []string {
			return namesOf(page.Users, func(u types.User) *string { return u.UserName })
		}, *user)
	if aliases := ask(t, tf.iam.ListAccountAliases, &iam.ListAccountAliasesInput{}).AccountAliases; len(aliases) != 0 {
		t.Errorf("aliases are %v", aliases) // the provider says "empty result"
	}
}

// eksctl: `eksctl utils associate-iam-oidc-provider` and what `create iamserviceaccount` asks before it (pkg/iam/oidc of eksctl-io/eksctl): the
// provider by the ARN that it computes, then, since there is none, a new one. eksctl writes https's port into the URL, and never into the ARN.
func (tf *terraform) eksctl(t *testing.T) {
	const host, path = "oidc.eks.us-west-2.amazonaws.com", "/id/EKSCTL"
	id := fmt.Sprintf("arn:aws:iam::%s:oidc-provider/%s%s", tf.account, host, path)
	gone(t, tf.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id})
	made := ask(t, tf.iam.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{
		Url: new("https://" + host + ":443" + path), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"},
		Tags: []types.Tag{tag("alpha.eksctl.io/cluster-name", "shop"), tag("alpha.eksctl.io/eksctl-version", "0.200.0")},
	})
	if aws.ToString(made.OpenIDConnectProviderArn) != id {
		t.Errorf("the provider is %s, and eksctl looks for %s", aws.ToString(made.OpenIDConnectProviderArn), id)
	}
	for range 2 { // "is already associated with cluster"
		got := ask(t, tf.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id})
		if aws.ToString(got.Url) != host+path {
			t.Errorf("its URL is %s", aws.ToString(got.Url))
		}
		wantNames(t, got.ClientIDList, "sts.amazonaws.com")
	}
	if _, err := tf.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: new("https://" + host + path)}); !isA[*types.EntityAlreadyExistsException](err) {
		t.Errorf("a second provider: %v", err)
	}
	ask(t, tf.iam.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id})
	gone(t, tf.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id})
}

// cloudFormation: the role of `eksctl create iamserviceaccount` is a stack's AWS::IAM::Role with ManagedPolicyArns, an AWS::IAM::ManagedPolicy
// and, of wellKnownPolicies, an AWS::IAM::Policy (pkg/cfn/builder/iam.go); CloudFormation makes, tags and deletes them by these calls.
func (tf *terraform) cloudFormation(t *testing.T) {
	name := new("eksctl-shop-addon-iamserviceaccount-kube-system-Role1-A1B2C3D4E5")
	trust := trustOf(tf.account, "https://oidc.example.com/id/CF", "kube-system", "aws-node") // of a provider that need not be there
	tags := []types.Tag{tag("alpha.eksctl.io/iamserviceaccount-name", "kube-system/aws-node"), tag("eksctl.cluster.k8s.io/v1alpha1/cluster-name", "shop")}
	ask(t, tf.iam.CreateRole, &iam.CreateRoleInput{RoleName: name, Path: new("/"), AssumeRolePolicyDocument: &trust, Tags: tags})
	ask(t, tf.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")})
	ask(t, tf.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: name, PolicyName: new("eksctl-shop-PolicyAutoScaling"), PolicyDocument: new(allowGet)})
	role, inline, attached := tf.readRole(t, name)
	equivalent(t, role.AssumeRolePolicyDocument, trust)
	if len(inline) != 1 || len(attached) != 1 || len(role.Tags) != 2 {
		t.Errorf("inline %v, attached %v, tags %v", inline, attached, tagText(role.Tags))
	}
	refuse(t, tf.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: name}, 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	tf.deleteRole(t, name)
}
