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
		}, d.CreateRole, encodeCreatedRole),
		"GetRole":   query(decodeRole, d.GetRole, encodeUsedRole),
		"ListRoles": query(decodeByPath, d.ListRoles, encodeRoles),
		"UpdateRole": query(func(f *form) iam.UpdateRoleInput {
			return iam.UpdateRoleInput{
				RoleName: f.required("RoleName"), Description: f.anyText("Description"), MaxSessionDuration: f.integer("MaxSessionDuration"),
			}
		}, nothingFrom(d.UpdateRole), encodeEmpty),
		"UpdateRoleDescription": query(func(f *form) iam.UpdateRoleDescriptionInput {
			return iam.UpdateRoleDescriptionInput{RoleName: f.required("RoleName"), Description: f.requiredAny("Description")}
		}, d.UpdateRoleDescription, encodeDescribedRole),
		"UpdateAssumeRolePolicy": change(func(f *form) iam.UpdateAssumeRolePolicyInput {
			return iam.UpdateAssumeRolePolicyInput{RoleName: f.required("RoleName"), PolicyDocument: f.required("PolicyDocument")}
		}, d.UpdateAssumeRolePolicy),
		"DeleteRole": change(decodeRole, d.DeleteRole),
	}
}

func decodeRole(f *form) iam.IdentityInput {
	return iam.IdentityInput{IdentityName: iam.OfRole(f.parameter("RoleName"))}
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
	MaxSessionDuration       int    `xml:",omitempty"`
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
	element.PermissionsBoundary, element.Tags = newBoundary(r.Identity), optionalTags(r.Tags)
	return element
}

func newBoundary(i iam.Identity) *boundaryElement {
	if i.BoundaryARN == "" {
		return nil
	}
	return &boundaryElement{"Policy", i.BoundaryARN}
}

// newUsedRole is a role as GetRole shows it: RoleLastUsed is there, and empty for a role that was never used.
func newUsedRole(r iam.Role) roleElement {
	element := newRole(r)
	element.RoleLastUsed = newLastUsed(r.LastUsed)
	return element
}

func newLastUsed(u iam.LastUse) *roleLastUsedElement {
	if u.Time.IsZero() {
		return &roleLastUsedElement{}
	}
	return &roleLastUsedElement{LastUsedDate: timestamp(u.Time), Region: u.Region}
}

// newDetailedRole is a role as GetAccountAuthorizationDetails shows it: without its description and longest session, which RoleDetail lacks.
func newDetailedRole(r iam.Role) roleElement {
	element := newUsedRole(r)
	element.Description, element.MaxSessionDuration = "", 0
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

// encodeCreatedRole is a role as CreateRole answers it: without its description and longest session (AWS's answers as recorded in 2026).
func encodeCreatedRole(r iam.Role) any {
	r.Description = ""
	return encodeDescribedRole(r)
}

// encodeDescribedRole is a role as UpdateRoleDescription answers it: without its longest session (AWS's answers as recorded in 2026).
func encodeDescribedRole(r iam.Role) any {
	r.MaxSessionDuration = 0
	return struct{ Role roleElement }{newRole(r)}
}

func encodeUsedRole(r iam.Role) any { return struct{ Role roleElement }{newUsedRole(r)} }

func encodeRoles(p iam.Page[iam.Role]) any {
	return struct {
		Roles members[roleElement]
		pageElement
	}{listOf(p.Items, newListedRole), newPage(p)}
}
