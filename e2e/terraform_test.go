package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// TestTerraform makes the calls that Terraform's AWS provider makes for its IAM resources and data sources, in its order, and checks what it
// checks: that what was created is found at once, that a second plan shows no change, that errors are of the types that it tells apart. The
// comments name the resource (internal/service/iam of hashicorp/terraform-provider-aws) and which of create, read, update and delete it is.
func TestTerraform(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	provider := &terraform{iam: p.adminSDK(t).iam, account: p.account}
	for name, test := range map[string]func(*terraform, *testing.T){
		"aws_iam_openid_connect_provider": (*terraform).openIDConnectProvider,
		"aws_iam_role":                    (*terraform).role,
		"aws_iam_policy":                  (*terraform).policy,
		"aws_iam_role_policy":             (*terraform).rolePolicy,
		"aws_iam_instance_profile":        (*terraform).instanceProfile,
		"aws_iam_user":                    (*terraform).user,
		"aws_iam_access_key":              (*terraform).accessKey,
		"data sources":                    (*terraform).dataSources,
		"eksctl":                          (*terraform).eksctl,
		"CloudFormation":                  (*terraform).cloudFormation,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(provider, t)
		})
	}
}

// terraform is the provider's client.
type terraform struct {
	iam     *iam.Client
	account string
}

// isA tells errors apart as the provider does, by the SDK's types.
func isA[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// gone insists that an entity is not found, which the provider reads as "remove it from the state".
func gone[In, Out any](t *testing.T, call iamCall[In, Out], in *In) {
	t.Helper()
	if _, err := call(t.Context(), in); !isA[*types.NoSuchEntityException](err) {
		t.Errorf("got %v, want a NoSuchEntityException", err)
	}
}

// equivalent compares an URL-encoded document with the configured one, as values.
func equivalent(t *testing.T, encoded *string, configured string) {
	t.Helper()
	var got, want any
	if err := json.Unmarshal([]byte(document(t, encoded)), &got); err != nil {
		t.Fatal(err)
	}
	decode(t, configured, &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the plan would change %s\nto %s", document(t, encoded), configured)
	}
}

// openIDConnectProvider: aws_iam_openid_connect_provider.
func (tf *terraform) openIDConnectProvider(t *testing.T) {
	const url = "https://oidc.eks.eu-west-1.amazonaws.com/id/TERRAFORM"
	first, second := strings.Repeat("a1", 20), strings.Repeat("b2", 20)
	// Create.
	made := ask(t, tf.iam.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{
		Url: new(url), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{first}, Tags: []types.Tag{tag("Name", "cluster")}})
	id := made.OpenIDConnectProviderArn
	// Read, after the creation, on each plan, and on an import by the ARN.
	read := func() *iam.GetOpenIDConnectProviderOutput {
		return ask(t, tf.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: id})
	}
	for range 3 {
		got := read()
		if "https://"+aws.ToString(got.Url) != url { // suppressOpenIDURL ignores the scheme, and nothing else
			t.Errorf("url = %s", aws.ToString(got.Url))
		}
		wantNames(t, got.ClientIDList, "sts.amazonaws.com")
		wantNames(t, got.ThumbprintList, first)
		wantNames(t, tagText(got.Tags), "Name=cluster")
	}
	// Update: thumbprint_list, client_id_list, tags.
	ask(t, tf.iam.UpdateOpenIDConnectProviderThumbprint, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: id, ThumbprintList: []string{second, first}})
	ask(t, tf.iam.AddClientIDToOpenIDConnectProvider, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: id, ClientID: new("new")})
	ask(t, tf.iam.RemoveClientIDFromOpenIDConnectProvider, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: id, ClientID: new("sts.amazonaws.com")})
	ask(t, tf.iam.UntagOpenIDConnectProvider, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: id, TagKeys: []string{"Name"}})
	ask(t, tf.iam.TagOpenIDConnectProvider, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: id, Tags: []types.Tag{tag("name", "other")}})
	got := read()
	wantNames(t, got.ThumbprintList, second, first) // a list: its order is kept
	wantNames(t, got.ClientIDList, "new")
	wantNames(t, tagText(got.Tags), "name=other")
	// Delete, and again on a state that is behind.
	for range 2 {
		if _, err := tf.iam.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: id}); err != nil && !isA[*types.NoSuchEntityException](err) {
			t.Error(err)
		}
	}
	gone(t, tf.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: id})
}

// readRole is aws_iam_role's read: the role, and its inline and attached policies.
func (tf *terraform) readRole(t *testing.T, name *string) (*types.Role, map[string]string, []string) {
	t.Helper()
	role := ask(t, tf.iam.GetRole, &iam.GetRoleInput{RoleName: name}).Role
	if !arn.IsARN(aws.ToString(role.Arn)) { // waitRoleARNIsNotUniqueID
		t.Errorf("the role's ARN is %s", aws.ToString(role.Arn))
	}
	inline := map[string]string{}
	names := iam.NewListRolePoliciesPaginator(tf.iam, &iam.ListRolePoliciesInput{RoleName: name})
	for names.HasMorePages() {
		page, err := names.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range page.PolicyNames {
			inline[policy] = document(t, ask(t, tf.iam.GetRolePolicy, &iam.GetRolePolicyInput{RoleName: name, PolicyName: &policy}).PolicyDocument)
		}
	}
	var attached []string
	pages := iam.NewListAttachedRolePoliciesPaginator(tf.iam, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		attached = append(attached, namesOf(page.AttachedPolicies, func(p types.AttachedPolicy) *string { return p.PolicyArn })...)
	}
	return role, inline, attached
}

// role: aws_iam_role with inline_policy, managed_policy_arns, permissions_boundary and force_detach_policies.
func (tf *terraform) role(t *testing.T) {
	const readOnly, boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "arn:aws:iam::aws:policy/AutoScalingFullAccess"
	name := new("tf-role")
	// Create. A principal that is not there yet is retried on exactly this error.
	late := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:user/tf-late"},"Action":"sts:AssumeRole"}]}`, tf.account)
	in := &iam.CreateRoleInput{RoleName: name, Path: new("/"), AssumeRolePolicyDocument: &late, MaxSessionDuration: aws.Int32(3600), Description: new("by Terraform"),
		PermissionsBoundary: new(boundary), Tags: []types.Tag{tag("Owner", "terraform")}}
	_, err := tf.iam.CreateRole(t.Context(), in)
	if !isA[*types.MalformedPolicyDocumentException](err) || !strings.Contains(err.Error(), "Invalid principal in policy") {
		t.Errorf("a role that trusts nobody: %v", err)
	}
	ask(t, tf.iam.CreateUser, &iam.CreateUserInput{UserName: new("tf-late")})
	if made := ask(t, tf.iam.CreateRole, in).Role; aws.ToString(made.RoleName) != "tf-role" || len(made.Tags) != 1 {
		t.Errorf("CreateRole answered %+v", *made)
	}
	ask(t, tf.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: name, PolicyName: new("inline"), PolicyDocument: new(allowGet)})
	ask(t, tf.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: new(readOnly)})
	// Read, twice: the second plan is empty, and an import by the name sees the same.
	for range 2 {
		role, inline, attached := tf.readRole(t, name)
		equivalent(t, role.AssumeRolePolicyDocument, late)
		if aws.ToInt32(role.MaxSessionDuration) != 3600 || aws.ToString(role.Description) != "by Terraform" || aws.ToString(role.Path) != "/" ||
			aws.ToString(role.PermissionsBoundary.PermissionsBoundaryArn) != boundary || len(inline) != 1 || inline["inline"] != allowGet {
			t.Errorf("role = %+v, inline = %v", *role, inline)
		}
		wantNames(t, attached, readOnly)
		wantNames(t, tagText(role.Tags), "Owner=terraform")
	}
	// Update, in the provider's order.
	ask(t, tf.iam.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: new(trustEC2)})
	ask(t, tf.iam.UpdateRoleDescription, &iam.UpdateRoleDescriptionInput{RoleName: name, Description: new("")}) // a description that was taken out
	ask(t, tf.iam.UpdateRole, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(7200)})
	ask(t, tf.iam.DeleteRolePermissionsBoundary, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name})
	ask(t, tf.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: new("inline")})
	ask(t, tf.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: name, PolicyName: new("other"), PolicyDocument: new(allowAll)})
	ask(t, tf.iam.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: new(readOnly)})
	ask(t, tf.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: new(boundary)})
	ask(t, tf.iam.UntagRole, &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"Owner"}})
	ask(t, tf.iam.TagRole, &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{tag("Team", "shop")}})
	role, inline, attached := tf.readRole(t, name)
	equivalent(t, role.AssumeRolePolicyDocument, trustEC2)
	if aws.ToString(role.Description) != "" || aws.ToInt32(role.MaxSessionDuration) != 7200 || role.PermissionsBoundary != nil || inline["other"] != allowAll || len(inline) != 1 {
		t.Errorf("after the update: %+v, inline = %v", *role, inline)
	}
	wantNames(t, attached, boundary)
	wantNames(t, tagText(role.Tags), "Team=shop")
	tf.deleteRole(t, name)
	gone(t, tf.iam.GetRole, &iam.GetRoleInput{RoleName: name})
	gone(t, tf.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: name}) // somebody else was faster: no error for Terraform
}

// deleteRole is aws_iam_role's delete with force_detach_policies: out of its instance profiles, without its policies, then the role.
func (tf *terraform) deleteRole(t *testing.T, name *string) {
	t.Helper()
	for _, profile := range ask(t, tf.iam.ListInstanceProfilesForRole, &iam.ListInstanceProfilesForRoleInput{RoleName: name}).InstanceProfiles {
		ask(t, tf.iam.RemoveRoleFromInstanceProfile, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: profile.InstanceProfileName, RoleName: name})
	}
	_, inline, attached := tf.readRole(t, name)
	for _, policy := range attached {
		ask(t, tf.iam.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: &policy})
	}
	for policy := range inline {
		ask(t, tf.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: &policy})
	}
	ask(t, tf.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: name})
}

// policy: aws_iam_policy, whose update is a new version, and whose oldest version makes room for it.
func (tf *terraform) policy(t *testing.T) {
	configured := func(n int) string {
		return strings.Replace(allowGet, "*", fmt.Sprintf("arn:aws:s3:::bucket-%d/*", n), 1)
	}
	// Create: description and path are always sent, and may be empty.
	made := ask(t, tf.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("tf-policy"), Path: new("/"), Description: new(""), PolicyDocument: new(configured(0)), Tags: []types.Tag{tag("a", "b")}}).Policy
	// Read: the policy, then its default version.
	read := func(n int) *types.Policy {
		t.Helper()
		policy := ask(t, tf.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: made.Arn}).Policy
		version := ask(t, tf.iam.GetPolicyVersion, &iam.GetPolicyVersionInput{PolicyArn: made.Arn, VersionId: policy.DefaultVersionId}).PolicyVersion
		equivalent(t, version.Document, configured(n))
		return policy
	}
	wantNames(t, tagText(read(0).Tags), "a=b")
	versions := func() []types.PolicyVersion {
		var found []types.PolicyVersion
		pages := iam.NewListPolicyVersionsPaginator(tf.iam, &iam.ListPolicyVersionsInput{PolicyArn: made.Arn})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, page.Versions...)
		}
		return found
	}
	// Update, seven times: with five versions the oldest that is not in force goes first. Of versions of one second, the provider takes the first
	// of the list, here as on AWS.
	for n := 1; n <= 7; n++ {
		if found := versions(); len(found) >= 5 {
			var oldest *types.PolicyVersion
			for _, v := range found {
				if !v.IsDefaultVersion && (oldest == nil || v.CreateDate.Before(*oldest.CreateDate)) {
					oldest = &v
				}
			}
			ask(t, tf.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: oldest.VersionId})
		}
		next := ask(t, tf.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: made.Arn, PolicyDocument: new(configured(n)), SetAsDefault: false}).PolicyVersion
		ask(t, tf.iam.SetDefaultPolicyVersion, &iam.SetDefaultPolicyVersionInput{PolicyArn: made.Arn, VersionId: next.VersionId})
		read(n)
	}
	if found := versions(); len(found) != 5 || aws.ToString(found[0].VersionId) != "v8" || !found[0].IsDefaultVersion {
		t.Errorf("after the updates the versions are %+v", found)
	}
	// Delete: the other versions, then the policy.
	for _, v := range versions() {
		if !v.IsDefaultVersion {
			ask(t, tf.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: v.VersionId})
		}
	}
	ask(t, tf.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: made.Arn})
	gone(t, tf.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: made.Arn})
	gone(t, tf.iam.ListPolicyVersions, &iam.ListPolicyVersionsInput{PolicyArn: made.Arn})
}

// rolePolicy: aws_iam_role_policy and aws_iam_role_policy_attachment.
func (tf *terraform) rolePolicy(t *testing.T) {
	name, inline := new("tf-role-policy"), new("tf-inline")
	const managed = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
	ask(t, tf.iam.CreateRole, &iam.CreateRoleInput{RoleName: name, Path: new("/"), AssumeRolePolicyDocument: new(trustEC2), MaxSessionDuration: aws.Int32(3600)})
	// aws_iam_role_policy: create, and update, are PutRolePolicy; read is GetRolePolicy; its id, and an import's, is "role:policy".
	for _, configured := range []string{allowGet, allowAll} {
		ask(t, tf.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: name, PolicyName: inline, PolicyDocument: &configured})
		got := ask(t, tf.iam.GetRolePolicy, &iam.GetRolePolicyInput{RoleName: name, PolicyName: inline})
		equivalent(t, got.PolicyDocument, configured)
		if aws.ToString(got.RoleName) != *name || aws.ToString(got.PolicyName) != *inline {
			t.Errorf("GetRolePolicy answered %+v", *got)
		}
	}
	// aws_iam_role_policy_attachment: create; read looks through the role's attachments, also on an import by "role/arn"; delete.
	ask(t, tf.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: new(managed)})
	_, _, attached := tf.readRole(t, name)
	wantNames(t, attached, managed)
	ask(t, tf.iam.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: new(managed)})
	gone(t, tf.iam.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: new(managed)})
	if _, _, attached := tf.readRole(t, name); len(attached) != 0 {
		t.Errorf("still attached: %v", attached)
	}
	ask(t, tf.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: inline})
	gone(t, tf.iam.GetRolePolicy, &iam.GetRolePolicyInput{RoleName: name, PolicyName: inline})
	gone(t, tf.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: inline})
	// A role without force_detach_policies: only the instance profiles are looked at.
	if none := ask(t, tf.iam.ListInstanceProfilesForRole, &iam.ListInstanceProfilesForRoleInput{RoleName: name}).InstanceProfiles; len(none) != 0 {
		t.Errorf("the role is in %+v", none)
	}
	ask(t, tf.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: name})
	gone(t, tf.iam.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: name}) // the attachment's read after its role is gone
}

// instanceProfile: aws_iam_instance_profile.
func (tf *terraform) instanceProfile(t *testing.T) {
	name := new("tf-profile")
	for _, role := range []string{"tf-node-a", "tf-node-b"} {
		ask(t, tf.iam.CreateRole, &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: new(trustEC2)})
	}
	// Create, wait until it is found, add the role. A role that is not there yet is retried on exactly this sentence.
	ask(t, tf.iam.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: name, Path: new("/"), Tags: []types.Tag{tag("a", "b")}})
	read := func() *types.InstanceProfile {
		t.Helper()
		profile := ask(t, tf.iam.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: name}).InstanceProfile
		if !arn.IsARN(aws.ToString(profile.Arn)) { // waitInstanceProfileReady
			t.Errorf("the profile's ARN is %s", aws.ToString(profile.Arn))
		}
		for _, role := range profile.Roles { // read asks for the role as well
			ask(t, tf.iam.GetRole, &iam.GetRoleInput{RoleName: role.RoleName})
		}
		return profile
	}
	read()
	_, err := tf.iam.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: new("tf-node-late")})
	if !isA[*types.NoSuchEntityException](err) || !strings.Contains(err.Error(), "The role with name") {
		t.Errorf("adding a role that is not there: %v", err)
	}
	ask(t, tf.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: new("tf-node-a")})
	if got := read(); len(got.Roles) != 1 || aws.ToString(got.Roles[0].RoleName) != "tf-node-a" || len(got.Tags) != 1 || aws.ToString(got.Path) != "/" {
		t.Errorf("profile = %+v", *got)
	}
	// Update: another role; tags.
	ask(t, tf.iam.RemoveRoleFromInstanceProfile, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: new("tf-node-a")})
	ask(t, tf.iam.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: new("tf-node-b")})
	ask(t, tf.iam.UntagInstanceProfile, &iam.UntagInstanceProfileInput{InstanceProfileName: name, TagKeys: []string{"a"}})
	ask(t, tf.iam.TagInstanceProfile, &iam.TagInstanceProfileInput{InstanceProfileName: name, Tags: []types.Tag{tag("c", "d")}})
	if got := read(); aws.ToString(got.Roles[0].RoleName) != "tf-node-b" || len(got.Tags) != 1 || aws.ToString(got.Tags[0].Key) != "c" {
		t.Errorf("after the update: %+v", *got)
	}
	// Delete: the role out, then the profile. Deleting a role takes it out of profiles by itself.
	tf.deleteRole(t, new("tf-node-b"))
	gone(t, tf.iam.RemoveRoleFromInstanceProfile, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: new("tf-node-b")})
	ask(t, tf.iam.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	gone(t, tf.iam.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: name})
	gone(t, tf.iam.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
}

var accessKeyID = regexp.MustCompile(`^AKIA[A-Z0-9]{16}$`)
