package awsapi

import (
	"time"

	"github.com/openirsa/openirsa/iam"
)

// roleOperations are IAM's calls on roles themselves, version 2010-05-08. A description may be given empty, which clears it;
// UpdateRoleDescription therefore insists on one.
func roleOperations(d *iam.Directory) map[string]operation {
	return map[string]operation{
		"CreateRole": query(func(f *form) iam.CreateRoleInput {
			return iam.CreateRoleInput{
				RoleName: f.required("RoleName"), Path: f.text("Path"), AssumeRolePolicyDocument: f.required("AssumeRolePolicyDocument"),
				Description: f.emptyOr("Description"), MaxSessionDuration: f.integer("MaxSessionDuration"),
				PermissionsBoundary: f.text("PermissionsBoundary"), Tags: f.tags("Tags"),
			}
		}, d.CreateRole, encodeRole),
		"GetRole": query(decodeNamedRole, d.GetRole, encodeUsedRole),
		"ListRoles": query(func(f *form) iam.ListRolesInput {
			return iam.ListRolesInput{PathPrefix: f.text("PathPrefix"), Paging: decodePaging(f)}
		}, d.ListRoles, encodeRoles),
		"UpdateRole": query(func(f *form) iam.UpdateRoleInput {
			return iam.UpdateRoleInput{
				RoleName: f.required("RoleName"), Description: f.anyText("Description"), MaxSessionDuration: f.integer("MaxSessionDuration"),
			}
		}, nothingFrom(d.UpdateRole), encodeEmpty),
		"UpdateRoleDescription": query(func(f *form) iam.UpdateRoleDescriptionInput {
			return iam.UpdateRoleDescriptionInput{RoleName: f.required("RoleName"), Description: f.requiredAny("Description")}
		}, d.UpdateRoleDescription, encodeRole),
		"UpdateAssumeRolePolicy": change(func(f *form) iam.UpdateAssumeRolePolicyInput {
			return iam.UpdateAssumeRolePolicyInput{RoleName: f.required("RoleName"), PolicyDocument: f.required("PolicyDocument")}
		}, d.UpdateAssumeRolePolicy),
		"PutRolePermissionsBoundary": change(func(f *form) iam.PutRolePermissionsBoundaryInput {
			return iam.PutRolePermissionsBoundaryInput{RoleName: f.required("RoleName"), PermissionsBoundary: f.required("PermissionsBoundary")}
		}, d.PutRolePermissionsBoundary),
		"DeleteRolePermissionsBoundary": change(decodeRole, d.DeleteRolePermissionsBoundary),
		"DeleteRole":                    change(decodeNamedRole, d.DeleteRole),
		"TagRole": change(func(f *form) iam.TagRoleInput {
			return iam.TagRoleInput{RoleName: f.required("RoleName"), Tags: f.tags("Tags")}
		}, d.TagRole),
		"UntagRole": change(func(f *form) iam.UntagRoleInput {
			return iam.UntagRoleInput{RoleName: f.required("RoleName"), TagKeys: f.list("TagKeys")}
		}, d.UntagRole),
		"ListRoleTags": query(decodeByRole, d.ListRoleTags, encodeTags),
	}
}

// rolePolicyOperations are IAM's calls on a role's inline and attached policies.
func rolePolicyOperations(d *iam.Directory) map[string]operation {
	return map[string]operation{
		"PutRolePolicy": change(func(f *form) iam.PutRolePolicyInput {
			return iam.PutRolePolicyInput{
				RoleName: f.required("RoleName"), PolicyName: f.required("PolicyName"), PolicyDocument: f.required("PolicyDocument"),
			}
		}, d.PutRolePolicy),
		"GetRolePolicy":    query(decodeRolePolicy, d.GetRolePolicy, encodeRolePolicy),
		"ListRolePolicies": query(decodeByRole, d.ListRolePolicies, encodePolicyNames),
		"DeleteRolePolicy": change(decodeRolePolicy, d.DeleteRolePolicy),
		"AttachRolePolicy": change(decodeAttachment, d.AttachRolePolicy),
		"DetachRolePolicy": change(decodeAttachment, d.DetachRolePolicy),
		"ListAttachedRolePolicies": query(func(f *form) iam.ListAttachedRolePoliciesInput {
			return iam.ListAttachedRolePoliciesInput{RoleName: f.required("RoleName"), PathPrefix: f.text("PathPrefix"), Paging: decodePaging(f)}
		}, d.ListAttachedRolePolicies, encodeAttachedPolicies),
	}
}

func decodeRole(f *form) iam.RoleInput { return iam.RoleInput{RoleName: f.required("RoleName")} }

func decodeNamedRole(f *form) iam.RoleInput { return iam.RoleInput{RoleName: f.parameter("RoleName")} }

func decodeByRole(f *form) iam.ListByRoleInput {
	return iam.ListByRoleInput{RoleName: f.required("RoleName"), Paging: decodePaging(f)}
}

func decodeRolePolicy(f *form) iam.RolePolicyInput {
	return iam.RolePolicyInput{RoleName: f.required("RoleName"), PolicyName: f.required("PolicyName")}
}

func decodeAttachment(f *form) iam.RoleAttachmentInput {
	return iam.RoleAttachmentInput{RoleName: f.required("RoleName"), PolicyARN: f.required("PolicyArn")}
}

// roleElement is the Role data type (https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html).
type roleElement struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	PermissionsBoundary      *boundaryElement
	Tags                     *members[tagElement]
	RoleLastUsed             *roleLastUsedElement
}

type boundaryElement struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

type roleLastUsedElement struct {
	LastUsedDate string `xml:",omitempty"`
	Region       string `xml:",omitempty"`
}

func newRole(r iam.Role) roleElement {
	element := newListedRole(r)
	if r.BoundaryARN != "" {
		element.PermissionsBoundary = &boundaryElement{"Policy", r.BoundaryARN}
	}
	element.Tags = optionalTags(r.Tags)
	return element
}

// newUsedRole is a role as GetRole shows it: RoleLastUsed is there, and empty for a role that was never used.
func newUsedRole(r iam.Role) roleElement {
	element := newRole(r)
	element.RoleLastUsed = &roleLastUsedElement{Region: r.LastUsedRegion}
	if !r.LastUsed.IsZero() {
		element.RoleLastUsed.LastUsedDate = timestamp(r.LastUsed)
	}
	return element
}

// newListedRole is a role as ListRoles shows it: without PermissionsBoundary, RoleLastUsed and Tags (IAM API reference, ListRoles).
func newListedRole(r iam.Role) roleElement {
	return roleElement{
		Path:                     r.Path,
		RoleName:                 r.Name,
		RoleId:                   r.ID,
		Arn:                      r.ARN,
		CreateDate:               timestamp(r.Created),
		AssumeRolePolicyDocument: urlEncoded(r.TrustPolicy),
		Description:              r.Description,
		MaxSessionDuration:       int(r.MaxSessionDuration / time.Second),
	}
}

func encodeRole(r iam.Role) any { return struct{ Role roleElement }{newRole(r)} }

func encodeUsedRole(r iam.Role) any { return struct{ Role roleElement }{newUsedRole(r)} }

func encodeRoles(p iam.Page[iam.Role]) any {
	return struct {
		Roles members[roleElement]
		pageElement
	}{listOf(p.Items, newListedRole), newPage(p)}
}

func encodeRolePolicy(p iam.RolePolicy) any {
	return struct{ RoleName, PolicyName, PolicyDocument string }{p.RoleName, p.PolicyName, urlEncoded(p.PolicyDocument)}
}

func encodePolicyNames(p iam.Page[string]) any {
	return struct {
		PolicyNames members[string]
		pageElement
	}{members[string]{p.Items}, newPage(p)}
}

func encodeAttachedPolicies(p iam.Page[iam.AttachedPolicy]) any {
	type attached struct{ PolicyName, PolicyArn string }
	return struct {
		AttachedPolicies members[attached]
		pageElement
	}{listOf(p.Items, func(a iam.AttachedPolicy) attached { return attached{a.PolicyName, a.PolicyARN} }), newPage(p)}
}
