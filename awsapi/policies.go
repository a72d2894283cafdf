package awsapi

import "github.com/openirsa/openirsa/iam"

// policyOperations are IAM's calls on managed policies, version 2010-05-08.
func policyOperations(d *iam.Directory) map[string]operation {
	return map[string]operation{
		"CreatePolicy": query(func(f *form) iam.CreatePolicyInput {
			return iam.CreatePolicyInput{
				PolicyName: f.required("PolicyName"), Path: f.text("Path"), PolicyDocument: f.required("PolicyDocument"),
				Description: f.emptyOr("Description"), Tags: f.tags("Tags"),
			}
		}, d.CreatePolicy, encodeCreatedPolicy),
		"GetPolicy": query(decodePolicy, d.GetPolicy, encodePolicy),
		"ListPolicies": query(func(f *form) iam.ListPoliciesInput {
			return iam.ListPoliciesInput{
				Scope: f.text("Scope"), OnlyAttached: f.boolean("OnlyAttached"), PathPrefix: f.text("PathPrefix"),
				PolicyUsageFilter: f.text("PolicyUsageFilter"), Paging: decodePaging(f),
			}
		}, d.ListPolicies, encodePolicies),
		"DeletePolicy": change(decodePolicy, d.DeletePolicy),
		"CreatePolicyVersion": query(func(f *form) iam.CreatePolicyVersionInput {
			return iam.CreatePolicyVersionInput{
				PolicyARN: f.required("PolicyArn"), PolicyDocument: f.required("PolicyDocument"), SetAsDefault: f.boolean("SetAsDefault"),
			}
		}, d.CreatePolicyVersion, encodeCreatedVersion),
		"GetPolicyVersion":        query(decodePolicyVersion, d.GetPolicyVersion, encodePolicyVersion),
		"ListPolicyVersions":      query(decodeByPolicy, d.ListPolicyVersions, encodePolicyVersions),
		"SetDefaultPolicyVersion": change(decodePolicyVersion, d.SetDefaultPolicyVersion),
		"DeletePolicyVersion":     change(decodePolicyVersion, d.DeletePolicyVersion),
		"TagPolicy": change(func(f *form) iam.TagPolicyInput {
			return iam.TagPolicyInput{PolicyARN: f.required("PolicyArn"), Tags: f.tags("Tags")}
		}, d.TagPolicy),
		"UntagPolicy": change(func(f *form) iam.UntagPolicyInput {
			return iam.UntagPolicyInput{PolicyARN: f.required("PolicyArn"), TagKeys: f.list("TagKeys")}
		}, d.UntagPolicy),
		"ListPolicyTags": query(decodeByPolicy, d.ListPolicyTags, encodeTags),
		"ListEntitiesForPolicy": query(func(f *form) iam.ListEntitiesForPolicyInput {
			return iam.ListEntitiesForPolicyInput{
				PolicyARN: f.required("PolicyArn"), EntityFilter: f.text("EntityFilter"), PathPrefix: f.text("PathPrefix"),
				PolicyUsageFilter: f.text("PolicyUsageFilter"), Paging: decodePaging(f),
			}
		}, d.ListEntitiesForPolicy, encodeEntities),
	}
}

func decodePolicy(f *form) iam.PolicyInput {
	return iam.PolicyInput{PolicyARN: f.required("PolicyArn")}
}

func decodeByPolicy(f *form) iam.ListByPolicyInput {
	return iam.ListByPolicyInput{PolicyARN: f.required("PolicyArn"), Paging: decodePaging(f)}
}

func decodePolicyVersion(f *form) iam.PolicyVersionInput {
	return iam.PolicyVersionInput{PolicyARN: f.required("PolicyArn"), VersionID: f.required("VersionId")}
}

// policyElement is the Policy data type (https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html).
type policyElement struct {
	PolicyName                    string
	PolicyId                      string
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    string
	UpdateDate                    string
	Tags                          *members[tagElement]
}

// newListedPolicy is a policy as ListPolicies shows it: without Description and Tags (IAM API reference, Policy and ListPolicies).
func newListedPolicy(p iam.ManagedPolicy) policyElement {
	return policyElement{
		PolicyName:                    p.Name,
		PolicyId:                      p.ID,
		Arn:                           p.ARN,
		Path:                          p.Path,
		DefaultVersionId:              p.DefaultVersionID,
		AttachmentCount:               p.AttachmentCount,
		PermissionsBoundaryUsageCount: p.PermissionsBoundaryUsageCount,
		IsAttachable:                  true,
		CreateDate:                    timestamp(p.Created),
		UpdateDate:                    timestamp(p.Updated),
	}
}

// policyVersionElement is the PolicyVersion data type
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html).
type policyVersionElement struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

// newPolicyVersion leaves the document out (IAM API reference, PolicyVersion).
func newPolicyVersion(v iam.PolicyVersion) policyVersionElement {
	return policyVersionElement{VersionId: v.VersionID, IsDefaultVersion: v.IsDefault, CreateDate: timestamp(v.Created)}
}

// encodePolicy is a policy as GetPolicy shows it: Tags is there even when there are none (AWS's answers as recorded in 2026).
func encodePolicy(p iam.ManagedPolicy) any {
	element := newListedPolicy(p)
	element.Description, element.Tags = p.Description, new(listOf(p.Tags, newTagElement))
	return struct{ Policy policyElement }{element}
}

// encodeCreatedPolicy is a policy as CreatePolicy answers it: without its description (AWS CLI reference, create-policy, "To create a customer managed
// policy with a description"; AWS's answers as recorded in 2026).
func encodeCreatedPolicy(p iam.ManagedPolicy) any {
	element := newListedPolicy(p)
	element.Tags = optionalTags(p.Tags)
	return struct{ Policy policyElement }{element}
}

func encodePolicies(p iam.Page[iam.ManagedPolicy]) any {
	return struct {
		Policies members[policyElement]
		pageElement
	}{listOf(p.Items, newListedPolicy), newPage(p)}
}

func encodeCreatedVersion(v iam.PolicyVersion) any {
	return struct{ PolicyVersion policyVersionElement }{newPolicyVersion(v)}
}

func encodePolicyVersion(v iam.PolicyVersion) any {
	return struct{ PolicyVersion policyVersionElement }{newDocumentedVersion(v)}
}

func encodePolicyVersions(p iam.Page[iam.PolicyVersion]) any {
	return struct {
		Versions members[policyVersionElement]
		pageElement
	}{listOf(p.Items, newPolicyVersion), newPage(p)}
}

// newDocumentedVersion is a version with its document, which only GetPolicyVersion and GetAccountAuthorizationDetails return.
func newDocumentedVersion(v iam.PolicyVersion) policyVersionElement {
	element := newPolicyVersion(v)
	element.Document = urlEncoded(v.Document)
	return element
}

// encodeEntities has all three lists even when they are empty: SDKs expect them.
func encodeEntities(p iam.Page[iam.PolicyEntity]) any {
	type (
		group struct{ GroupName, GroupId string }
		user  struct{ UserName, UserId string }
		role  struct{ RoleName, RoleId string }
	)
	var out struct {
		PolicyGroups members[group]
		PolicyUsers  members[user]
		PolicyRoles  members[role]
		pageElement
	}
	out.pageElement = newPage(p)
	for _, e := range p.Items {
		switch e.Kind {
		case iam.GroupKind:
			out.PolicyGroups.Member = append(out.PolicyGroups.Member, group{e.Name, e.ID})
		case iam.UserKind:
			out.PolicyUsers.Member = append(out.PolicyUsers.Member, user{e.Name, e.ID})
		case iam.RoleKind:
			out.PolicyRoles.Member = append(out.PolicyRoles.Member, role{e.Name, e.ID})
		}
	}
	return out
}
