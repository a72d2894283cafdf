package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// threeKinds makes a role, a user and a group of one name, and gives the members that name each in calls.
func threeKinds(t *testing.T, w *iamWorld, name string) map[string]map[string]any {
	t.Helper()
	ask(t, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(trustEC2)})
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: &name})
	ask(t, w.iam.CreateGroup, &iam.CreateGroupInput{GroupName: &name})
	return map[string]map[string]any{"Role": {"RoleName": &name}, "User": {"UserName": &name}, "Group": {"GroupName": &name}}
}

// testInlinePolicies: Put, Get, List and Delete of roles, users and groups are the same but for their names and the quota of each kind.
func testInlinePolicies(t *testing.T, w *iamWorld) {
	for kind, members := range threeKinds(t, w, "inline") {
		word := strings.ToLower(kind)
		members["PolicyDocument"] = new(allowGet)
		for _, name := range []string{"b", "a", "C"} { // sorted as bytes
			members["PolicyName"] = &name
			mustInvoke(t, w.iam, "Put"+kind+"Policy", members)
		}
		members["PolicyDocument"] = new(allowAll) // replaces C's
		mustInvoke(t, w.iam, "Put"+kind+"Policy", members)
		got := mustInvoke(t, w.iam, "Get"+kind+"Policy", members)
		if text := document(t, got.FieldByName("PolicyDocument").Interface().(*string)); text != allowAll ||
			*got.FieldByName("PolicyName").Interface().(*string) != "C" || *got.FieldByName(kind + "Name").Interface().(*string) != "inline" {
			t.Errorf("Get%sPolicy answered %+v", kind, got.Interface())
		}
		members["PolicyName"] = new("c")
		for _, operation := range []string{"Get" + kind + "Policy", "Delete" + kind + "Policy"} {
			_, err := invoke(t, w.iam, operation, members)
			wantExactly(t, err, 404, "NoSuchEntity", "The "+word+" policy with name c cannot be found.")
		}
		members["PolicyDocument"] = new(notAPolicy)
		_, err := invoke(t, w.iam, "Put"+kind+"Policy", members)
		want(t, err, 400, "MalformedPolicyDocument", "")
		members["PolicyDocument"], members["PolicyName"] = new(allowGet), new("white space")
		_, err = invoke(t, w.iam, "Put"+kind+"Policy", members)
		wantExactly(t, err, 400, "ValidationError", "The specified value for policyName is invalid. "+badNameText)
		// IAM quotas: what inline policies may have together, white space not counted.
		most := map[string]int{"Role": 10240, "User": 2048, "Group": 5120}[kind]
		members["PolicyName"], members["PolicyDocument"] = new("large"), new(strings.Replace(allowGet, "*", "arn:aws:s3:::"+strings.Repeat("b", most), 1))
		_, err = invoke(t, w.iam, "Put"+kind+"Policy", members)
		wantExactly(t, err, 409, "LimitExceeded", fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s inline", most, word))
		members[kind+"Name"] = new("nobody")
		_, err = invoke(t, w.iam, "List"+kind+"Policies", members)
		wantExactly(t, err, 404, "NoSuchEntity", "The "+word+" with name nobody cannot be found.")
	}
	names := []string{"C", "a", "b"}
	one := aws.Int32(1)
	wantPages(t, iam.NewListRolePoliciesPaginator(w.iam, &iam.ListRolePoliciesInput{RoleName: new("inline"), MaxItems: one}),
		func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames }, names...)
	wantPages(t, iam.NewListUserPoliciesPaginator(w.iam, &iam.ListUserPoliciesInput{UserName: new("inline"), MaxItems: one}),
		func(page *iam.ListUserPoliciesOutput) []string { return page.PolicyNames }, names...)
	wantPages(t, iam.NewListGroupPoliciesPaginator(w.iam, &iam.ListGroupPoliciesInput{GroupName: new("inline"), MaxItems: one}),
		func(page *iam.ListGroupPoliciesOutput) []string { return page.PolicyNames }, names...)
	ask(t, w.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: new("inline"), PolicyName: new("a")})
	ask(t, w.iam.DeleteUserPolicy, &iam.DeleteUserPolicyInput{UserName: new("inline"), PolicyName: new("a")})
	ask(t, w.iam.DeleteGroupPolicy, &iam.DeleteGroupPolicyInput{GroupName: new("inline"), PolicyName: new("a")})
	wantNames(t, ask(t, w.iam.ListRolePolicies, &iam.ListRolePoliciesInput{RoleName: new("inline")}).PolicyNames, "C", "b")
}

// testAttachedPolicies: Attach, Detach and List of roles, users and groups, and ListEntitiesForPolicy over all of them.
func testAttachedPolicies(t *testing.T, w *iamWorld) {
	const aws1 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
	var arns []string
	for i := range 10 {
		arns = append(arns, *ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new(fmt.Sprintf("attached-%d", i)), Path: new("/attached/"), PolicyDocument: new(allowGet)}).Policy.Arn)
	}
	kinds := threeKinds(t, w, "attached")
	for kind, members := range kinds {
		for _, arn := range append(slices.Clone(arns), arns[0]) { // once more is no error
			members["PolicyArn"] = &arn
			mustInvoke(t, w.iam, "Attach"+kind+"Policy", members)
		}
		members["PolicyArn"] = new(aws1)
		_, err := invoke(t, w.iam, "Attach"+kind+"Policy", members)
		wantExactly(t, err, 409, "LimitExceeded", "Cannot exceed quota for PoliciesPer"+kind+": 10")
		_, err = invoke(t, w.iam, "Detach"+kind+"Policy", members)
		wantExactly(t, err, 404, "NoSuchEntity", "Policy "+aws1+" was not found.")
		for _, arn := range arns[2:] {
			members["PolicyArn"] = &arn
			mustInvoke(t, w.iam, "Detach"+kind+"Policy", members)
		}
		members["PolicyArn"] = new(w.arn("policy/nobody"))
		_, err = invoke(t, w.iam, "Attach"+kind+"Policy", members)
		wantExactly(t, err, 404, "NoSuchEntity", "Policy "+w.arn("policy/nobody")+" does not exist or is not attachable.")
		members["PolicyArn"] = new("arn:aws:s3:::not-a-policy-at-all")
		_, err = invoke(t, w.iam, "Attach"+kind+"Policy", members)
		want(t, err, 400, "InvalidInput", "is not valid.")
		members["PolicyArn"] = new(aws1)
		mustInvoke(t, w.iam, "Attach"+kind+"Policy", members)
		listed := mustInvoke(t, w.iam, "ListAttached"+kind+"Policies", members).FieldByName("AttachedPolicies").Interface().([]types.AttachedPolicy)
		wantNames(t, namesOf(listed, func(p types.AttachedPolicy) *string { return p.PolicyArn }), aws1, arns[0], arns[1])
		_, err = invoke(t, w.iam, "ListAttached"+kind+"Policies", map[string]any{kind + "Name": new("nobody")})
		want(t, err, 404, "NoSuchEntity", "with name nobody cannot be found.")
	}
	one, prefix := aws.Int32(1), new("/attached/")
	names := func(policies []types.AttachedPolicy) []string {
		return namesOf(policies, func(p types.AttachedPolicy) *string { return p.PolicyName })
	}
	wantPages(t, iam.NewListAttachedRolePoliciesPaginator(w.iam, &iam.ListAttachedRolePoliciesInput{RoleName: new("attached"), MaxItems: one, PathPrefix: prefix}),
		func(page *iam.ListAttachedRolePoliciesOutput) []string { return names(page.AttachedPolicies) }, "attached-0", "attached-1")
	wantPages(t, iam.NewListAttachedUserPoliciesPaginator(w.iam, &iam.ListAttachedUserPoliciesInput{UserName: new("attached"), MaxItems: one, PathPrefix: prefix}),
		func(page *iam.ListAttachedUserPoliciesOutput) []string { return names(page.AttachedPolicies) }, "attached-0", "attached-1")
	wantPages(t, iam.NewListAttachedGroupPoliciesPaginator(w.iam, &iam.ListAttachedGroupPoliciesInput{GroupName: new("attached"), MaxItems: one, PathPrefix: prefix}),
		func(page *iam.ListAttachedGroupPoliciesOutput) []string { return names(page.AttachedPolicies) }, "attached-0", "attached-1")

	wantPages(t, iam.NewListEntitiesForPolicyPaginator(w.iam, &iam.ListEntitiesForPolicyInput{PolicyArn: &arns[0], MaxItems: one}), func(page *iam.ListEntitiesForPolicyOutput) []string {
		var found []string
		for _, r := range page.PolicyRoles {
			wantUniqueID(t, r.RoleId, "AROA")
			found = append(found, "role "+aws.ToString(r.RoleName))
		}
		for _, u := range page.PolicyUsers {
			wantUniqueID(t, u.UserId, "AIDA")
			found = append(found, "user "+aws.ToString(u.UserName))
		}
		for _, g := range page.PolicyGroups {
			wantUniqueID(t, g.GroupId, "AGPA")
			found = append(found, "group "+aws.ToString(g.GroupName))
		}
		return found
	}, "group attached", "role attached", "user attached")
	only := ask(t, w.iam.ListEntitiesForPolicy, &iam.ListEntitiesForPolicyInput{PolicyArn: &arns[0], EntityFilter: types.EntityTypeUser})
	if len(only.PolicyUsers) != 1 || len(only.PolicyRoles)+len(only.PolicyGroups) != 0 {
		t.Errorf("the filter User leaves %+v", only)
	}
	refuse(t, w.iam.ListEntitiesForPolicy, &iam.ListEntitiesForPolicyInput{PolicyArn: new(w.arn("policy/nobody"))}, 404, "NoSuchEntity", "")
	refuse(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: &arns[0]}, 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	for kind, members := range kinds {
		members["PolicyArn"] = &arns[0]
		mustInvoke(t, w.iam, "Detach"+kind+"Policy", members)
	}
	ask(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: &arns[0]})
}

func testManagedPolicies(t *testing.T, w *iamWorld) {
	made := ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{
		PolicyName: new("Managed-App"), Path: new("/managed/"), PolicyDocument: new(allowGet), Description: new("reads"), Tags: []types.Tag{tag("Team", "a"), tag("team", "b")},
	}).Policy
	read := ask(t, w.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: made.Arn}).Policy
	for name, p := range map[string]*types.Policy{"CreatePolicy": made, "GetPolicy": read} {
		if aws.ToString(p.PolicyName) != "Managed-App" || aws.ToString(p.Arn) != w.arn("policy/managed/Managed-App") || aws.ToString(p.Path) != "/managed/" ||
			aws.ToString(p.DefaultVersionId) != "v1" || aws.ToInt32(p.AttachmentCount) != 0 || aws.ToInt32(p.PermissionsBoundaryUsageCount) != 0 || !p.IsAttachable {
			t.Errorf("%s answered %+v", name, *p)
		}
		wantNames(t, tagText(p.Tags), "Team=a", "team=b")
		wantUniqueID(t, p.PolicyId, "ANPA")
		wantNow(t, p.CreateDate)
		wantNow(t, p.UpdateDate)
	}
	// Only GetPolicy shows the description (AWS CLI reference, create-policy, its second example).
	if made.Description != nil || aws.ToString(read.Description) != "reads" {
		t.Errorf("the description is %q, then %q", aws.ToString(made.Description), aws.ToString(read.Description))
	}
	for _, name := range []string{"Managed-b", "Managed-A"} {
		ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: &name, Path: new("/managed/"), PolicyDocument: new(allowGet)})
	}
	wantPages(t, iam.NewListPoliciesPaginator(w.iam, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, PathPrefix: new("/managed/"), MaxItems: aws.Int32(1)}), func(page *iam.ListPoliciesOutput) []string {
		for _, p := range page.Policies {
			if p.Description != nil || p.Tags != nil {
				t.Errorf("ListPolicies shows %+v", p)
			}
		}
		return namesOf(page.Policies, func(p types.Policy) *string { return p.PolicyName })
	}, "Managed-A", "Managed-App", "Managed-b")
	ofAWS := ask(t, w.iam.ListPolicies, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws, MaxItems: aws.Int32(1000)}).Policies
	if !slices.Contains(namesOf(ofAWS, func(p types.Policy) *string { return p.Arn }), "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy") {
		t.Errorf("AWS's policies are %v", namesOf(ofAWS, func(p types.Policy) *string { return p.Arn }))
	}

	refuse(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("managed-APP"), PolicyDocument: new(allowGet)}, 409, "EntityAlreadyExists",
		"A policy called managed-APP already exists. Duplicate names are not allowed.")
	refuse(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("Managed-x"), PolicyDocument: new(notAPolicy)}, 400, "MalformedPolicyDocument", "")
	refuse(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("Managed-x"), PolicyDocument: new(trustEC2)}, 400, "MalformedPolicyDocument", "")
	refuse(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("Managed-x"), PolicyDocument: new(strings.Replace(allowGet, "*", "arn:aws:s3:::"+strings.Repeat("b", 6144), 1))},
		409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
	refuse(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("Managed-x"), Path: new("no-slash"), PolicyDocument: new(allowGet)}, 400, "ValidationError",
		"The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	refuse(t, w.iam.ListPolicies, &iam.ListPoliciesInput{Scope: "Mine"}, 400, "ValidationError",
		"^1 validation error detected: Value 'Mine' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: \\[.*\\]$")
	refuse(t, w.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: new(w.arn("policy/nobody"))}, 404, "NoSuchEntity", "")
	refuse(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: new(w.arn("policy/nobody"))}, 404, "NoSuchEntity", "")
	refuse(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: new("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")}, 403, "AccessDenied", "")
	ask(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: made.Arn})
	refuse(t, w.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: made.Arn}, 404, "NoSuchEntity", "")
}

func testPolicyVersions(t *testing.T, w *iamWorld) {
	arn := ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("versions"), PolicyDocument: new(allowGet)}).Policy.Arn
	second := ask(t, w.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: new(allowAll), SetAsDefault: true}).PolicyVersion
	if aws.ToString(second.VersionId) != "v2" || !second.IsDefaultVersion || second.Document != nil {
		t.Errorf("CreatePolicyVersion answered %+v", *second)
	}
	wantNow(t, second.CreateDate)
	for range 3 {
		ask(t, w.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: new(allowGet)})
	}
	refuse(t, w.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: new(allowGet)}, 409, "LimitExceeded",
		"A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	refuse(t, w.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: new(notAPolicy)}, 400, "MalformedPolicyDocument", "")
	refuse(t, w.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: new("v2")}, 409, "DeleteConflict", "Cannot delete the default version of a policy.")
	refuse(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: arn}, 409, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	ask(t, w.iam.SetDefaultPolicyVersion, &iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: new("v1")})
	ask(t, w.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: new("v2")})
	again := ask(t, w.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: new(allowGet)}).PolicyVersion
	if aws.ToString(again.VersionId) != "v6" || again.IsDefaultVersion { // numbers are not used twice
		t.Errorf("the version after v5 is %+v", *again)
	}
	wantPages(t, iam.NewListPolicyVersionsPaginator(w.iam, &iam.ListPolicyVersionsInput{PolicyArn: arn, MaxItems: aws.Int32(1)}), func(page *iam.ListPolicyVersionsOutput) []string {
		for _, v := range page.Versions {
			if v.Document != nil || v.IsDefaultVersion != (*v.VersionId == "v1") {
				t.Errorf("ListPolicyVersions shows %+v", v)
			}
		}
		return namesOf(page.Versions, func(v types.PolicyVersion) *string { return v.VersionId })
	}, "v6", "v5", "v4", "v3", "v1")
	v1 := ask(t, w.iam.GetPolicyVersion, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: new("v1")}).PolicyVersion
	if document(t, v1.Document) != allowGet || !v1.IsDefaultVersion {
		t.Errorf("GetPolicyVersion answered %+v", *v1)
	}
	members := map[string]any{"PolicyArn": arn, "VersionId": new("v2")}
	for _, operation := range []string{"GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 404, "NoSuchEntity", "Policy "+*arn+" version v2 does not exist or is not attachable.")
	}
	members["VersionId"] = new("2")
	_, err := invoke(t, w.iam, "GetPolicyVersion", members)
	want(t, err, 400, "ValidationError", "Value at 'versionId' failed to satisfy constraint")
	refuse(t, w.iam.ListPolicyVersions, &iam.ListPolicyVersionsInput{PolicyArn: new(w.arn("policy/nobody"))}, 404, "NoSuchEntity", "")
}
