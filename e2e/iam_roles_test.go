package e2e

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// wantUniqueID checks how IAM's unique ids look (IAM User Guide, "IAM identifiers").
func wantUniqueID(t *testing.T, id *string, prefix string) {
	t.Helper()
	if !regexp.MustCompile(`^` + prefix + `[A-Z2-7]{17}$`).MatchString(aws.ToString(id)) {
		t.Errorf("the unique id is %q, want %s and 17 characters", aws.ToString(id), prefix)
	}
}

// wantNow checks a date of creation.
func wantNow(t *testing.T, at *time.Time) {
	t.Helper()
	if at == nil || time.Since(*at) > time.Minute || time.Since(*at) < -time.Second || at.Nanosecond() != 0 {
		t.Errorf("the date is %v", at)
	}
}

func testRoles(t *testing.T, w *iamWorld) {
	boundary := ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("RoleBoundary"), PolicyDocument: new(allowAll)}).Policy.Arn
	trust := w.trust("shop", "roles")
	created := ask(t, w.iam.CreateRole, &iam.CreateRoleInput{
		RoleName: new("Roles-App"), Path: new("/roles/"), AssumeRolePolicyDocument: &trust, Description: new("first"), MaxSessionDuration: aws.Int32(7200),
		PermissionsBoundary: boundary, Tags: []types.Tag{tag("team", "shop")},
	}).Role
	read := ask(t, w.iam.GetRole, &iam.GetRoleInput{RoleName: new("roles-APP")}).Role // names differ without case
	for name, role := range map[string]*types.Role{"CreateRole": created, "GetRole": read} {
		if aws.ToString(role.RoleName) != "Roles-App" || aws.ToString(role.Path) != "/roles/" || aws.ToString(role.Arn) != w.arn("role/roles/Roles-App") ||
			document(t, role.AssumeRolePolicyDocument) != trust ||
			aws.ToString(role.PermissionsBoundary.PermissionsBoundaryArn) != *boundary || role.PermissionsBoundary.PermissionsBoundaryType != "Policy" {
			t.Errorf("%s answered %+v", name, *role)
		}
		wantNames(t, tagText(role.Tags), "team=shop")
		wantUniqueID(t, role.RoleId, "AROA")
		wantNow(t, role.CreateDate)
	}
	if aws.ToString(read.Description) != "first" || aws.ToInt32(read.MaxSessionDuration) != 7200 || created.Description != nil || created.MaxSessionDuration != nil {
		t.Errorf("only GetRole has the description and the longest session, as recorded of AWS: %+v, %+v", *created, *read)
	}
	if *created.RoleId != *read.RoleId {
		t.Errorf("ids %s and %s", *created.RoleId, *read.RoleId)
	}

	ask(t, w.iam.UpdateRole, &iam.UpdateRoleInput{RoleName: created.RoleName, Description: new("second"), MaxSessionDuration: aws.Int32(43200)})
	described := ask(t, w.iam.UpdateRoleDescription, &iam.UpdateRoleDescriptionInput{RoleName: created.RoleName, Description: new("third")}).Role
	if aws.ToString(described.Description) != "third" || described.MaxSessionDuration != nil { // as recorded of AWS
		t.Errorf("UpdateRoleDescription answered %+v", *described)
	}
	ask(t, w.iam.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: created.RoleName, PolicyDocument: new(trustEC2)})
	read = ask(t, w.iam.GetRole, &iam.GetRoleInput{RoleName: created.RoleName}).Role
	if document(t, read.AssumeRolePolicyDocument) != trustEC2 || aws.ToString(read.Description) != "third" || aws.ToInt32(read.MaxSessionDuration) != 43200 {
		t.Errorf("after the updates: %+v", *read)
	}

	for _, name := range []string{"Roles-b", "Roles-A"} {
		ask(t, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: &name, Path: new("/roles/"), AssumeRolePolicyDocument: new(trustEC2), Tags: []types.Tag{tag("a", "b")}})
	}
	wantPages(t, iam.NewListRolesPaginator(w.iam, &iam.ListRolesInput{PathPrefix: new("/roles/"), MaxItems: aws.Int32(1)}), func(page *iam.ListRolesOutput) []string {
		for _, role := range page.Roles { // IAM API reference, ListRoles: these are left out
			if role.Tags != nil || role.PermissionsBoundary != nil || role.RoleLastUsed != nil {
				t.Errorf("ListRoles shows %+v", role)
			}
		}
		return namesOf(page.Roles, func(r types.Role) *string { return r.RoleName })
	}, "Roles-A", "Roles-App", "Roles-b")
	testRoleRefusals(t, w)
	ask(t, w.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: new("roles-b")})
	refuse(t, w.iam.GetRole, &iam.GetRoleInput{RoleName: new("Roles-b")}, 404, "NoSuchEntity", "The role with name Roles-b cannot be found.")
}

func testRoleRefusals(t *testing.T, w *iamWorld) {
	t.Helper()
	create := func(in iam.CreateRoleInput) *iam.CreateRoleInput {
		if in.AssumeRolePolicyDocument == nil {
			in.AssumeRolePolicyDocument = new(trustEC2)
		}
		return &in
	}
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new("ROLES-APP")}), 409, "EntityAlreadyExists", "Role with name ROLES-APP already exists.")
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new("Roles/x")}), 400, "ValidationError", "The specified value for roleName is invalid. "+badNameText)
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new(strings.Repeat("r", 65)), MaxSessionDuration: aws.Int32(3599)}), 400, "ValidationError",
		"2 validation errors detected: Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64; "+
			"Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600")
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new("Roles-x"), AssumeRolePolicyDocument: new(notAPolicy)}), 400, "MalformedPolicyDocument", "")
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new("Roles-x"), AssumeRolePolicyDocument: new(strings.Replace(trustEC2, `"Service":"ec2.amazonaws.com"`, `"AWS":"`+w.arn("role/nobody")+`"`, 1))}),
		400, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"`+w.arn("role/nobody")+`"`)
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new("Roles-x"), PermissionsBoundary: new(w.arn("policy/nobody"))}), 404, "NoSuchEntity",
		"Scope ARN: "+w.arn("policy/nobody")+" does not exist or is not attachable.")
	refuse(t, w.iam.CreateRole, create(iam.CreateRoleInput{RoleName: new("Roles-x"), Tags: []types.Tag{tag("Team", "a"), tag("team", "b")}}), 400, "InvalidInput",
		"Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	refuse(t, w.iam.ListRoles, &iam.ListRolesInput{MaxItems: aws.Int32(1001)}, 400, "ValidationError",
		"1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000")
	refuse(t, w.iam.ListRoles, &iam.ListRolesInput{Marker: new("no marker of ours")}, 400, "ValidationError", "")
	const nobody = "The role with name nobody cannot be found."
	refuse(t, w.iam.UpdateRole, &iam.UpdateRoleInput{RoleName: new("nobody")}, 404, "NoSuchEntity", nobody)
	refuse(t, w.iam.UpdateRoleDescription, &iam.UpdateRoleDescriptionInput{RoleName: new("nobody"), Description: new("")}, 404, "NoSuchEntity", nobody)
	refuse(t, w.iam.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: new("nobody"), PolicyDocument: new(trustEC2)}, 404, "NoSuchEntity", nobody)
	refuse(t, w.iam.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: new("Roles-App"), PolicyDocument: new(notAPolicy)}, 400, "MalformedPolicyDocument", "")
	refuse(t, w.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: new("nobody")}, 404, "NoSuchEntity", nobody)

	ask(t, w.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: new("Roles-A"), PolicyName: new("inline"), PolicyDocument: new(allowGet)})
	refuse(t, w.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: new("Roles-A")}, 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	attached := "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
	ask(t, w.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: new("Roles-A"), PolicyArn: &attached})
	_, err := w.iam.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: new("Roles-A")})
	want(t, err, 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	if conflict := (*types.DeleteConflictException)(nil); !errors.As(err, &conflict) {
		t.Errorf("the SDK makes %T of it", err)
	}
}

func testServiceLinkedRoles(t *testing.T, w *iamWorld) {
	made := ask(t, w.iam.CreateServiceLinkedRole, &iam.CreateServiceLinkedRoleInput{AWSServiceName: new("eks-nodegroup.amazonaws.com"), Description: new("for nodes")}).Role
	const name = "AWSServiceRoleForAmazonEKSNodegroup"
	if aws.ToString(made.RoleName) != name || aws.ToString(made.Path) != "/aws-service-role/eks-nodegroup.amazonaws.com/" ||
		aws.ToString(made.Arn) != w.arn("role/aws-service-role/eks-nodegroup.amazonaws.com/"+name) || !strings.Contains(document(t, made.AssumeRolePolicyDocument), "eks-nodegroup.amazonaws.com") {
		t.Errorf("CreateServiceLinkedRole answered %+v", *made)
	}
	attached := ask(t, w.iam.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: made.RoleName}).AttachedPolicies
	wantNames(t, namesOf(attached, func(p types.AttachedPolicy) *string { return p.PolicyArn }), "arn:aws:iam::aws:policy/aws-service-role/"+name)

	refuse(t, w.iam.CreateServiceLinkedRole, &iam.CreateServiceLinkedRoleInput{AWSServiceName: new("eks-nodegroup.amazonaws.com")}, 400, "InvalidInput",
		"Service role name "+name+" has been taken in this account, please try a different suffix.")
	refuse(t, w.iam.CreateServiceLinkedRole, &iam.CreateServiceLinkedRoleInput{AWSServiceName: new("eks.amazonaws.com"), CustomSuffix: new("x")}, 400, "InvalidInput",
		"Custom suffix is not allowed for eks.amazonaws.com")
	protected := "Cannot perform the operation on the protected role '" + name + "' - this role is only modifiable by AWS"
	members := map[string]any{"RoleName": new(name), "PolicyName": new("p"), "PolicyDocument": new(trustEC2), "PolicyArn": new("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
		"PermissionsBoundary": new("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")}
	for _, operation := range []string{"DeleteRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"} {
		_, err := invoke(t, w.iam, operation, members)
		wantExactly(t, err, 400, "UnmodifiableEntity", protected)
	}
	refuse(t, w.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: new(name), PolicyName: new("p"), PolicyDocument: new(allowGet)}, 400, "UnmodifiableEntity", protected)

	task := ask(t, w.iam.DeleteServiceLinkedRole, &iam.DeleteServiceLinkedRoleInput{RoleName: new(name)}).DeletionTaskId
	if got := ask(t, w.iam.GetServiceLinkedRoleDeletionStatus, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task}); got.Status != types.DeletionTaskStatusTypeSucceeded {
		t.Errorf("the deletion %s is %s", aws.ToString(task), got.Status)
	}
	refuse(t, w.iam.DeleteServiceLinkedRole, &iam.DeleteServiceLinkedRoleInput{RoleName: new(name)}, 404, "NoSuchEntity", "The role with name "+name+" cannot be found.")
	refuse(t, w.iam.GetServiceLinkedRoleDeletionStatus, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: new("task/aws-service-role/x/y/z")}, 404, "NoSuchEntity", "")
}

func testBoundaries(t *testing.T, w *iamWorld) {
	boundary := ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("Boundaries"), PolicyDocument: new(allowAll)}).Policy.Arn
	ask(t, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: new("boundaries"), AssumeRolePolicyDocument: new(trustEC2)})
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("boundaries")})
	shown := func() (role, user *types.AttachedPermissionsBoundary) {
		return ask(t, w.iam.GetRole, &iam.GetRoleInput{RoleName: new("boundaries")}).Role.PermissionsBoundary,
			ask(t, w.iam.GetUser, &iam.GetUserInput{UserName: new("boundaries")}).User.PermissionsBoundary
	}
	ask(t, w.iam.PutRolePermissionsBoundary, &iam.PutRolePermissionsBoundaryInput{RoleName: new("boundaries"), PermissionsBoundary: boundary})
	ask(t, w.iam.PutUserPermissionsBoundary, &iam.PutUserPermissionsBoundaryInput{UserName: new("boundaries"), PermissionsBoundary: boundary})
	role, user := shown()
	if role == nil || user == nil || aws.ToString(role.PermissionsBoundaryArn) != *boundary || aws.ToString(user.PermissionsBoundaryArn) != *boundary {
		t.Errorf("boundaries are %+v and %+v", role, user)
	}
	if p := ask(t, w.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: boundary}).Policy; aws.ToInt32(p.PermissionsBoundaryUsageCount) != 2 || aws.ToInt32(p.AttachmentCount) != 0 {
		t.Errorf("the policy counts %+v", *p)
	}
	refuse(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: boundary}, 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	for _, kind := range []string{"Role", "User"} {
		members := map[string]any{kind + "Name": new("boundaries"), "PermissionsBoundary": new(w.arn("policy/nobody"))}
		_, err := invoke(t, w.iam, "Put"+kind+"PermissionsBoundary", members)
		want(t, err, 404, "NoSuchEntity", "nobody does not exist or is not attachable.")
		mustInvoke(t, w.iam, "Delete"+kind+"PermissionsBoundary", members)
		members[kind+"Name"] = new("nobody")
		_, err = invoke(t, w.iam, "Delete"+kind+"PermissionsBoundary", members)
		want(t, err, 404, "NoSuchEntity", "The "+strings.ToLower(kind)+" with name nobody cannot be found.")
	}
	if role, user := shown(); role != nil || user != nil {
		t.Errorf("after their deletion boundaries are %+v and %+v", role, user)
	}
	ask(t, w.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: boundary})
}
