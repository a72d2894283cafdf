package awsapi

import "github.com/openirsa/openirsa/iam"

// identityOperations are the calls that IAM has for roles, users and groups under different names, version 2010-05-08: PutRolePolicy,
// PutUserPolicy and PutGroupPolicy read and answer alike. Groups have neither tags nor boundaries.
func identityOperations(d *iam.Directory) map[string]operation {
	table := map[string]operation{}
	for _, kind := range []identityKind{{"Role", iam.OfRole}, {"User", iam.OfUser}, {"Group", iam.OfGroup}} {
		for name, op := range map[string]operation{
			"Put" + kind.word + "Policy": change(func(f *form) iam.PutPolicyInput {
				return iam.PutPolicyInput{IdentityName: kind.decode(f), PolicyName: f.required("PolicyName"), PolicyDocument: f.required("PolicyDocument")}
			}, d.PutPolicy),
			"Get" + kind.word + "Policy":                 query(kind.decodePolicy, d.InlinePolicy, kind.encodePolicy),
			"List" + kind.word + "Policies":              query(kind.decodeList, d.InlinePolicies, encodePolicyNames),
			"Delete" + kind.word + "Policy":              change(kind.decodePolicy, d.DeleteInlinePolicy),
			"Attach" + kind.word + "Policy":              change(kind.decodeAttachment, d.AttachPolicy),
			"Detach" + kind.word + "Policy":              change(kind.decodeAttachment, d.DetachPolicy),
			"ListAttached" + kind.word + "Policies":      query(kind.decodeAttached, d.AttachedPolicies, encodeAttachedPolicies),
			"Put" + kind.word + "PermissionsBoundary":    change(kind.decodeBoundary, d.PutPermissionsBoundary),
			"Delete" + kind.word + "PermissionsBoundary": change(kind.decodeOne, d.DeletePermissionsBoundary),
			"Tag" + kind.word: change(func(f *form) iam.TagIdentityInput {
				return iam.TagIdentityInput{IdentityName: kind.decode(f), Tags: f.tags("Tags")}
			}, d.TagIdentity),
			"Untag" + kind.word: change(func(f *form) iam.UntagIdentityInput {
				return iam.UntagIdentityInput{IdentityName: kind.decode(f), TagKeys: f.list("TagKeys")}
			}, d.UntagIdentity),
			"List" + kind.word + "Tags": query(kind.decodeList, d.IdentityTags, encodeTags),
		} {
			table[name] = op
		}
	}
	for _, none := range []string{"PutGroupPermissionsBoundary", "DeleteGroupPermissionsBoundary", "TagGroup", "UntagGroup", "ListGroupTags"} {
		delete(table, none)
	}
	return table
}

// identityKind is how one kind's calls name it.
type identityKind struct {
	word string // in the names of calls and parameters
	name func(string) iam.IdentityName
}

func (k identityKind) decode(f *form) iam.IdentityName { return k.name(f.required(k.word + "Name")) }

func (k identityKind) decodeOne(f *form) iam.IdentityInput {
	return iam.IdentityInput{IdentityName: k.decode(f)}
}

func (k identityKind) decodeList(f *form) iam.ListByIdentityInput {
	return iam.ListByIdentityInput{IdentityName: k.decode(f), Paging: decodePaging(f)}
}

func (k identityKind) decodePolicy(f *form) iam.InlinePolicyInput {
	return iam.InlinePolicyInput{IdentityName: k.decode(f), PolicyName: f.required("PolicyName")}
}

func (k identityKind) decodeAttachment(f *form) iam.AttachmentInput {
	return iam.AttachmentInput{IdentityName: k.decode(f), PolicyARN: f.required("PolicyArn")}
}

func (k identityKind) decodeAttached(f *form) iam.ListAttachedInput {
	return iam.ListAttachedInput{IdentityName: k.decode(f), PathPrefix: f.text("PathPrefix"), Paging: decodePaging(f)}
}

func (k identityKind) decodeBoundary(f *form) iam.BoundaryInput {
	return iam.BoundaryInput{IdentityName: k.decode(f), PermissionsBoundary: f.required("PermissionsBoundary")}
}

// encodePolicy has the owner's name in the element of its kind.
func (k identityKind) encodePolicy(p iam.InlinePolicy) any {
	return struct {
		RoleName                   string `xml:",omitempty"`
		UserName                   string `xml:",omitempty"`
		GroupName                  string `xml:",omitempty"`
		PolicyName, PolicyDocument string
	}{p.RoleName, p.UserName, p.GroupName, p.PolicyName, urlEncoded(p.PolicyDocument)}
}

func encodePolicyNames(p iam.Page[string]) any {
	return struct {
		PolicyNames members[string]
		pageElement
	}{members[string]{p.Items}, newPage(p)}
}

type attachedElement struct{ PolicyName, PolicyArn string }

func newAttached(a iam.AttachedPolicy) attachedElement {
	return attachedElement{a.PolicyName, a.PolicyARN}
}

func encodeAttachedPolicies(p iam.Page[iam.AttachedPolicy]) any {
	return struct {
		AttachedPolicies members[attachedElement]
		pageElement
	}{listOf(p.Items, newAttached), newPage(p)}
}

func decodeByPath(f *form) iam.ListByPathInput {
	return iam.ListByPathInput{PathPrefix: f.text("PathPrefix"), Paging: decodePaging(f)}
}
