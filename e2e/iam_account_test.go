package e2e

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func testProviders(t *testing.T, w *iamWorld) {
	const issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	const thumbprint = "9E99A48A9960B14926BB7F3B02E22DA2B0AB7280"
	made := ask(t, w.iam.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{
		Url: new(issuer), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{thumbprint}, Tags: []types.Tag{tag("cluster", "one")},
	})
	arn := made.OpenIDConnectProviderArn
	if aws.ToString(arn) != w.arn("oidc-provider/"+strings.TrimPrefix(issuer, "https://")) {
		t.Errorf("CreateOpenIDConnectProvider answered %s", aws.ToString(arn))
	}
	wantNames(t, tagText(made.Tags), "cluster=one")
	get := func() *iam.GetOpenIDConnectProviderOutput {
		return ask(t, w.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	}
	got := get()
	if aws.ToString(got.Url) != strings.TrimPrefix(issuer, "https://") { // IAM API reference's example: without its scheme
		t.Errorf("the URL is %s", aws.ToString(got.Url))
	}
	wantNames(t, got.ClientIDList, "sts.amazonaws.com")
	wantNames(t, got.ThumbprintList, strings.ToLower(thumbprint))
	wantNames(t, tagText(got.Tags), "cluster=one")
	wantNow(t, got.CreateDate)
	listed := ask(t, w.iam.ListOpenIDConnectProviders, &iam.ListOpenIDConnectProvidersInput{}).OpenIDConnectProviderList
	if arns := namesOf(listed, func(e types.OpenIDConnectProviderListEntry) *string { return e.Arn }); !slices.Contains(arns, *arn) || !slices.Contains(arns, w.arn("oidc-provider/"+strings.TrimPrefix(w.issuer, "https://"))) {
		t.Errorf("ListOpenIDConnectProviders shows %v", arns)
	}
	for _, id := range []string{"another", "another"} {
		ask(t, w.iam.AddClientIDToOpenIDConnectProvider, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: &id})
	}
	wantNames(t, get().ClientIDList, "sts.amazonaws.com", "another")
	for _, id := range []string{"another", "never added"} {
		ask(t, w.iam.RemoveClientIDFromOpenIDConnectProvider, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: &id})
	}
	wantNames(t, get().ClientIDList, "sts.amazonaws.com")
	other := strings.Repeat("ab", 20)
	ask(t, w.iam.UpdateOpenIDConnectProviderThumbprint, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{other}})
	wantNames(t, get().ThumbprintList, other)

	create := func(url string, thumbprints ...string) *iam.CreateOpenIDConnectProviderInput {
		return &iam.CreateOpenIDConnectProviderInput{Url: &url, ThumbprintList: thumbprints}
	}
	refuse(t, w.iam.CreateOpenIDConnectProvider, create(issuer), 409, "EntityAlreadyExists", "Provider with url "+issuer+" already exists.")
	refuse(t, w.iam.CreateOpenIDConnectProvider, create("oidc.example.com"), 400, "ValidationError", "Invalid Open ID Connect Provider URL")
	refuse(t, w.iam.CreateOpenIDConnectProvider, create("http://oidc.example.com"), 400, "InvalidInput", "Invalid Open ID Connect Provider URL. The URL must begin with https://.")
	refuse(t, w.iam.CreateOpenIDConnectProvider, create("https://oidc.example.com", "ab"), 400, "ValidationError", "1 validation error detected: Value at 'thumbprintList' failed to satisfy constraint: "+
		"Member must satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater than or equal to 40]")
	refuse(t, w.iam.CreateOpenIDConnectProvider, create("https://oidc.example.com", other, other, other, other, other, other), 400, "InvalidInput", "Thumbprint list must contain fewer than 5 entries.")
	absent := w.arn("oidc-provider/absent.example.com")
	members := map[string]any{"OpenIDConnectProviderArn": &absent, "ClientID": new("x"), "ThumbprintList": []string{other}}
	for _, operation := range []string{"GetOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 404, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+absent)
	}
	ask(t, w.iam.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	refuse(t, w.iam.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}, 404, "NoSuchEntity", "")
	refuse(t, w.iam.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(w.arn("role/not-a-provider"))}, 400, "ValidationError", "Invalid resource type in ARN")
}

// testTags: Tag, Untag and List of everything that has tags. Keys of roles and users differ without case, of all others with it (IAM User
// Guide, "Rules for tagging in IAM and AWS STS").
func testTags(t *testing.T, w *iamWorld) {
	ask(t, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: new("tags"), AssumeRolePolicyDocument: new(trustEC2)})
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("tags")})
	policy := ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("tags"), PolicyDocument: new(allowGet)}).Policy.Arn
	ask(t, w.iam.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("tags")})
	provider := ask(t, w.iam.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{Url: new("https://tags.example.com")}).OpenIDConnectProviderArn
	for _, c := range []struct {
		kind, member string
		name         *string
		absent       string
		folded       bool
	}{
		{"Role", "RoleName", new("tags"), "nobody", true},
		{"User", "UserName", new("tags"), "nobody", true},
		{"Policy", "PolicyArn", policy, w.arn("policy/nobody"), false},
		{"InstanceProfile", "InstanceProfileName", new("tags"), "nobody", false},
		{"OpenIDConnectProvider", "OpenIDConnectProviderArn", provider, w.arn("oidc-provider/nobody.example.com"), false},
	} {
		members := map[string]any{c.member: c.name, "Tags": []types.Tag{tag("Team", "shop"), tag("Environment", "test"), tag("Empty", "")}}
		mustInvoke(t, w.iam, "Tag"+c.kind, members)
		members["Tags"] = []types.Tag{tag("team", "bank")} // the same key, or another one
		mustInvoke(t, w.iam, "Tag"+c.kind, members)
		members["TagKeys"] = []string{"ENVIRONMENT", "unknown"}
		mustInvoke(t, w.iam, "Untag"+c.kind, members)
		expected := []string{"Empty=", "Environment=test", "Team=shop", "team=bank"}
		if c.folded {
			expected = []string{"Empty=", "team=bank"}
		}
		if c.kind == "Policy" { // shorter keys first, as recorded of AWS
			expected = []string{"Team=shop", "team=bank", "Empty=", "Environment=test"}
		}
		var got []string
		members["MaxItems"] = aws.Int32(1)
		for {
			page := mustInvoke(t, w.iam, "List"+c.kind+"Tags", members)
			tags := page.FieldByName("Tags").Interface().([]types.Tag)
			if len(tags) != 1 || len(got) > 5 {
				t.Fatalf("List%sTags: a page of %d after %v", c.kind, len(tags), got)
			}
			got = append(got, tagText(tags)...)
			if !page.FieldByName("IsTruncated").Bool() {
				break
			}
			members["Marker"] = page.FieldByName("Marker").Interface()
		}
		wantNames(t, got, expected...)
		members["Tags"] = []types.Tag{tag("aws:reserved", "x")}
		_, err := invoke(t, w.iam, "Tag"+c.kind, members)
		want(t, err, 400, "InvalidInput", "")
		members["Tags"] = manyTags(51)
		_, err = invoke(t, w.iam, "Tag"+c.kind, members)
		wantExactly(t, err, 400, "ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
		members["Tags"] = manyTags(50)
		_, err = invoke(t, w.iam, "Tag"+c.kind, members)
		wantExactly(t, err, 409, "LimitExceeded", "The number of tags has reached the maximum limit.")
		delete(members, "Marker")
		members[c.member], members["Tags"] = &c.absent, []types.Tag{tag("a", "b")}
		for _, operation := range []string{"Tag" + c.kind, "Untag" + c.kind, "List" + c.kind + "Tags"} {
			_, err := invoke(t, w.iam, operation, members)
			want(t, err, 404, "NoSuchEntity", "")
		}
	}
	// The SDK's own paginator, of the kind that has the most readers.
	wantPages(t, iam.NewListRoleTagsPaginator(w.iam, &iam.ListRoleTagsInput{RoleName: new("tags"), MaxItems: aws.Int32(1)}),
		func(page *iam.ListRoleTagsOutput) []string { return tagText(page.Tags) }, "Empty=", "team=bank")
}

func manyTags(n int) (tags []types.Tag) {
	for i := range n {
		tags = append(tags, tag("key-"+string(rune('A'+i/26))+string(rune('a'+i%26)), "v"))
	}
	return tags
}

// testAccount: an account's alias and its numbers, in accounts of their own, so that nobody else changes them.
func testAccount(t *testing.T, w *iamWorld) {
	one, two := w.recording(w.createAccount(t, "111122223333").sdk), w.recording(w.createAccount(t, "222233334444").sdk)
	aliases := func() []string {
		return ask(t, one.ListAccountAliases, &iam.ListAccountAliasesInput{}).AccountAliases
	}
	wantNames(t, aliases())
	for _, alias := range []string{"shop-test", "shop"} { // the second replaces the first
		ask(t, one.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: &alias})
	}
	wantPages(t, iam.NewListAccountAliasesPaginator(one, &iam.ListAccountAliasesInput{MaxItems: aws.Int32(1)}),
		func(page *iam.ListAccountAliasesOutput) []string { return page.AccountAliases }, "shop")
	refuse(t, two.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("shop")}, 409, "EntityAlreadyExists", "The account alias shop already exists.")
	refuse(t, two.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("Shop")}, 400, "ValidationError", "")
	refuse(t, two.DeleteAccountAlias, &iam.DeleteAccountAliasInput{AccountAlias: new("shop")}, 404, "NoSuchEntity", "The account alias shop cannot be found.")
	ask(t, two.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("shop-test")}) // which is free again
	ask(t, one.DeleteAccountAlias, &iam.DeleteAccountAliasInput{AccountAlias: new("shop")})
	wantNames(t, aliases())
	refuse(t, one.ListAccountAliases, &iam.ListAccountAliasesInput{MaxItems: aws.Int32(0)}, 400, "ValidationError", "")

	summary := func() map[string]int32 {
		return ask(t, one.GetAccountSummary, &iam.GetAccountSummaryInput{}).SummaryMap
	}
	before := summary()
	for name, number := range map[string]int32{ // IAM quotas
		"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "PolicySizeQuota": 6144, "VersionsPerPolicyQuota": 5, "AccessKeysPerUserQuota": 2,
		"GroupsPerUserQuota": 10, "AssumeRolePolicySizeQuota": 2048, "AttachedPoliciesPerRoleQuota": 10, "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1,
	} {
		if got, ok := before[name]; !ok || got != number {
			t.Errorf("%s is %d (%v), want %d", name, got, ok, number)
		}
	}
	ask(t, one.CreateUser, &iam.CreateUserInput{UserName: new("u")})
	ask(t, one.CreateGroup, &iam.CreateGroupInput{GroupName: new("g")})
	ask(t, one.CreateRole, &iam.CreateRoleInput{RoleName: new("r"), AssumeRolePolicyDocument: new(trustEC2)})
	ask(t, one.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("i")})
	ask(t, one.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("p"), PolicyDocument: new(allowGet)})
	ask(t, one.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{Url: new("https://oidc.example.com")})
	after := summary()
	for _, name := range []string{"Users", "Groups", "Roles", "InstanceProfiles", "Policies", "PolicyVersionsInUse", "Providers"} {
		if after[name] != before[name]+1 {
			t.Errorf("%s was %d and is %d", name, before[name], after[name])
		}
	}
}

func testAuthorizationDetails(t *testing.T, w *iamWorld) {
	c := w.recording(w.createAccount(t, "333344445555").sdk)
	for _, name := range []string{"one", "two"} {
		for _, kind := range []string{"User", "Role", "Group"} {
			members := map[string]any{kind + "Name": &name, "AssumeRolePolicyDocument": new(trustEC2), "PolicyName": new("inline"), "PolicyDocument": new(allowGet),
				"PolicyArn": new("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")}
			mustInvoke(t, c, "Create"+kind, members)
			mustInvoke(t, c, "Put"+kind+"Policy", members)
			mustInvoke(t, c, "Attach"+kind+"Policy", members)
		}
	}
	ask(t, c.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("one"), UserName: new("two")})
	ask(t, c.TagRole, &iam.TagRoleInput{RoleName: new("one"), Tags: []types.Tag{tag("a", "b")}})
	ask(t, c.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("node")})
	ask(t, c.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("node"), RoleName: new("one")})
	ask(t, c.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("own"), PolicyDocument: new(allowAll), Description: new("of our own")})

	all := ask(t, c.GetAccountAuthorizationDetails, &iam.GetAccountAuthorizationDetailsInput{})
	if len(all.UserDetailList) != 2 || len(all.GroupDetailList) != 2 || len(all.RoleDetailList) != 2 || len(all.Policies) != 2 {
		t.Fatalf("%d users, %d groups, %d roles, %d policies", len(all.UserDetailList), len(all.GroupDetailList), len(all.RoleDetailList), len(all.Policies))
	}
	user, group, role := all.UserDetailList[1], all.GroupDetailList[0], all.RoleDetailList[0]
	wantNames(t, user.GroupList, "one")
	wantNames(t, tagText(role.Tags), "a=b")
	wantNames(t, namesOf(role.InstanceProfileList, func(p types.InstanceProfile) *string { return p.InstanceProfileName }), "node")
	if document(t, role.AssumeRolePolicyDocument) != trustEC2 {
		t.Errorf("the trust policy is %s", aws.ToString(role.AssumeRolePolicyDocument))
	}
	for _, inline := range [][]types.PolicyDetail{user.UserPolicyList, group.GroupPolicyList, role.RolePolicyList} {
		if len(inline) != 1 || aws.ToString(inline[0].PolicyName) != "inline" || document(t, inline[0].PolicyDocument) != allowGet {
			t.Errorf("inline policies are %+v", inline)
		}
	}
	for _, attached := range [][]types.AttachedPolicy{user.AttachedManagedPolicies, group.AttachedManagedPolicies, role.AttachedManagedPolicies} {
		wantNames(t, namesOf(attached, func(p types.AttachedPolicy) *string { return p.PolicyName }), "AmazonS3ReadOnlyAccess")
	}
	own := slices.IndexFunc(all.Policies, func(p types.ManagedPolicyDetail) bool { return aws.ToString(p.PolicyName) == "own" })
	if own < 0 || len(all.Policies[own].PolicyVersionList) != 1 || document(t, all.Policies[own].PolicyVersionList[0].Document) != allowAll || aws.ToString(all.Policies[own].Description) != "of our own" {
		t.Errorf("the policies are %+v", all.Policies)
	}

	local := ask(t, c.GetAccountAuthorizationDetails, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeLocalManagedPolicy, types.EntityTypeGroup}})
	if len(local.UserDetailList)+len(local.RoleDetailList) != 0 || len(local.GroupDetailList) != 2 || len(local.Policies) != 1 {
		t.Errorf("the filter leaves %+v", local)
	}
	names := func(page *iam.GetAccountAuthorizationDetailsOutput) []string {
		found := namesOf(page.UserDetailList, func(d types.UserDetail) *string { return d.UserName })
		found = append(found, namesOf(page.GroupDetailList, func(d types.GroupDetail) *string { return d.GroupName })...)
		found = append(found, namesOf(page.RoleDetailList, func(d types.RoleDetail) *string { return d.RoleName })...)
		return append(found, namesOf(page.Policies, func(d types.ManagedPolicyDetail) *string { return d.PolicyName })...)
	}
	wantPages(t, iam.NewGetAccountAuthorizationDetailsPaginator(c, &iam.GetAccountAuthorizationDetailsInput{MaxItems: aws.Int32(1)}), names,
		"one", "two", "one", "two", "one", "two", aws.ToString(all.Policies[0].PolicyName), aws.ToString(all.Policies[1].PolicyName))
	refuse(t, c.GetAccountAuthorizationDetails, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{"Robot"}}, 400, "ValidationError", "")
}

// testAbsent asks for what clients ask on their way: empty lists, and NoSuchEntity.
func testAbsent(t *testing.T, w *iamWorld) {
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("absent")})
	members := map[string]any{"UserName": new("absent"), "AssignmentStatus": types.AssignmentStatusTypeAssigned}
	for operation, list := range map[string]string{
		"ListMFADevices": "MFADevices", "ListVirtualMFADevices": "VirtualMFADevices", "ListSigningCertificates": "Certificates", "ListSSHPublicKeys": "SSHPublicKeys",
		"ListServiceSpecificCredentials": "ServiceSpecificCredentials", "ListServerCertificates": "ServerCertificateMetadataList", "ListSAMLProviders": "SAMLProviderList",
	} {
		out := mustInvoke(t, w.iam, operation, members)
		if found := out.FieldByName(list); found.IsNil() || found.Len() != 0 {
			t.Errorf("%s answered %v, want an empty list", operation, found)
		}
		if truncated := out.FieldByName("IsTruncated"); truncated.IsValid() && truncated.Kind() == reflect.Bool && truncated.Bool() {
			t.Errorf("%s has more pages", operation)
		}
	}
	device, provider := w.arn("mfa/absent"), w.arn("saml-provider/absent")
	const login, publicKey, certificate = "Login Profile for User absent cannot be found.", "APKAXXXXXXXXXXXXXXXXX", "NONEXISTENTCERTID12345678901"
	for name, value := range map[string]any{
		"SSHPublicKeyId": new(publicKey), "Encoding": types.EncodingTypeSsh, "CertificateId": new(certificate), "ServerCertificateName": new("absent"),
		"SerialNumber": &device, "SAMLProviderArn": &provider,
	} {
		members[name] = value
	}
	for operation, message := range map[string]string{
		"GetLoginProfile": login, "DeleteLoginProfile": login,
		"GetAccountPasswordPolicy":    "The Password Policy with domain name " + w.account + " cannot be found.",
		"DeleteAccountPasswordPolicy": "The account policy with name PasswordPolicy cannot be found.",
		"GetSSHPublicKey":             "The Public Key with id " + publicKey + " cannot be found.",
		"DeleteSSHPublicKey":          "The Public Key with id " + publicKey + " cannot be found.",
		"DeleteSigningCertificate":    "The Certificate with id " + certificate + " cannot be found.",
		"GetServerCertificate":        "The Server Certificate with name absent cannot be found.",
		"DeleteServerCertificate":     "The Server Certificate with name absent cannot be found.",
		"DeactivateMFADevice":         "MFA Device with serial number " + device + " does not exist.",
		"DeleteVirtualMFADevice":      "MFA Device with serial number " + device + " does not exist.",
		"GetSAMLProvider":             "Manifest not found for arn " + provider,
		"DeleteSAMLProvider":          "Manifest not found for arn " + provider,
	} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 404, "NoSuchEntity", message)
	}
	refuse(t, w.iam.GetCredentialReport, &iam.GetCredentialReportInput{}, 410, "ReportNotPresent", "")
	for _, operation := range []string{"ListMFADevices", "ListSigningCertificates", "ListSSHPublicKeys", "ListServiceSpecificCredentials", "GetLoginProfile"} {
		_, err := invoke(t, w.iam, operation, map[string]any{"UserName": new("nobody")})
		wantExactly(t, err, 404, "NoSuchEntity", "The user with name nobody cannot be found.")
	}
}

// testWithoutPermission makes every listed call as a user who may only read one policy: each is refused, with the user, the action and the
// reason.
func testWithoutPermission(t *testing.T, w *iamWorld) {
	user := w.limited(t, "limited", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUserPolicy","Resource":"`+w.arn("user/limited")+`"}]}`)
	if got := ask(t, user.GetUserPolicy, &iam.GetUserPolicyInput{UserName: new("limited"), PolicyName: new("limited")}); aws.ToString(got.PolicyName) != "limited" {
		t.Errorf("the user reads %+v", got)
	}
	provider, policy := w.arn("oidc-provider/someone.example.com"), w.arn("policy/someone")
	members := map[string]any{
		"RoleName": new("someone"), "UserName": new("someone"), "GroupName": new("someone"), "InstanceProfileName": new("someone"), "PolicyName": new("someone"), "PolicyArn": &policy,
		"PolicyDocument": new(allowGet), "AssumeRolePolicyDocument": new(trustEC2), "PermissionsBoundary": &policy, "VersionId": new("v1"), "Description": new("x"),
		"OpenIDConnectProviderArn": &provider, "Url": new("https://someone.example.com"), "ClientID": new("x"), "ThumbprintList": []string{strings.Repeat("a", 40)},
		"AccessKeyId": new("AKIAIOSFODNN7EXAMPLE"), "AWSServiceName": new("eks.amazonaws.com"), "DeletionTaskId": new("task/x"), "AccountAlias": new("someone"),
		"Tags": []types.Tag{tag("a", "b")}, "TagKeys": []string{"a"}, "Status": types.StatusTypeActive,
		"SSHPublicKeyId": new("APKAXXXXXXXXXXXXXXXXX"), "Encoding": types.EncodingTypeSsh, "CertificateId": new("NONEXISTENTCERTID12345678901"),
		"PolicyInputList": []string{allowGet}, "ActionNames": []string{"s3:GetObject"}, "PolicySourceArn": new(w.arn("user/someone")),
		"ServerCertificateName": new("someone"), "SerialNumber": new(w.arn("mfa/someone")), "SAMLProviderArn": new(w.arn("saml-provider/someone")),
	}
	for operation := range listedCalls(t, "iam") {
		_, err := invoke(t, user, operation, members)
		want(t, err, 403, "AccessDenied", "User: "+w.arn("user/limited")+" is not authorized to perform: iam:"+operation+" on resource: ")
		want(t, err, 403, "AccessDenied", " because no identity-based policy allows the iam:"+operation+" action")
	}
}
