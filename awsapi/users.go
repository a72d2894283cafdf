package awsapi

import "github.com/openirsa/openirsa/iam"

// userOperations are IAM's calls on users themselves and on their access keys.
func userOperations(d *iam.Directory) map[string]operation {
	user := identityKind{"User", iam.OfUser}
	return map[string]operation{
		"CreateUser": query(func(f *form) iam.CreateUserInput {
			return iam.CreateUserInput{
				UserName: f.required("UserName"), Path: f.text("Path"), PermissionsBoundary: f.text("PermissionsBoundary"), Tags: f.tags("Tags"),
			}
		}, d.CreateUser, encodeUser),
		// SDKs write an empty UserName for one that was not given.
		"GetUser": query(func(f *form) iam.UserInput {
			in := iam.UserInput{UserName: f.anyText("UserName")}
			if in.UserName != nil && *in.UserName == "" {
				in.UserName = nil
			}
			return in
		}, d.GetUser, encodeUser),
		"ListUsers": query(decodeByPath, d.ListUsers, encodeUsers),
		"UpdateUser": change(func(f *form) iam.UpdateUserInput {
			return iam.UpdateUserInput{UserName: f.required("UserName"), NewUserName: f.text("NewUserName"), NewPath: f.text("NewPath")}
		}, d.UpdateUser),
		"DeleteUser":        change(user.decodeOne, d.DeleteUser),
		"ListGroupsForUser": query(user.decodeList, d.ListGroupsForUser, encodeGroups),
		"CreateAccessKey": query(func(f *form) iam.UserInput {
			return iam.UserInput{UserName: f.anyText("UserName")}
		}, d.CreateAccessKey, encodeAccessKey),
		"ListAccessKeys": query(func(f *form) iam.ListByUserInput {
			return iam.ListByUserInput{UserName: f.anyText("UserName"), Paging: decodePaging(f)}
		}, d.ListAccessKeys, encodeAccessKeys),
		"UpdateAccessKey": change(func(f *form) iam.AccessKeyInput {
			return iam.AccessKeyInput{UserName: f.text("UserName"), AccessKeyID: f.parameter("AccessKeyId"), Status: f.parameter("Status")}
		}, d.UpdateAccessKey),
		"DeleteAccessKey": change(func(f *form) iam.AccessKeyInput {
			return iam.AccessKeyInput{UserName: f.text("UserName"), AccessKeyID: f.parameter("AccessKeyId")}
		}, d.DeleteAccessKey),
		"GetAccessKeyLastUsed": query(func(f *form) iam.AccessKeyInput {
			return iam.AccessKeyInput{AccessKeyID: f.parameter("AccessKeyId")}
		}, d.GetAccessKeyLastUsed, encodeAccessKeyUse),
	}
}

// groupOperations are IAM's calls on groups themselves.
func groupOperations(d *iam.Directory) map[string]operation {
	group := identityKind{"Group", iam.OfGroup}
	return map[string]operation{
		"CreateGroup": query(func(f *form) iam.CreateGroupInput {
			return iam.CreateGroupInput{GroupName: f.required("GroupName"), Path: f.text("Path")}
		}, d.CreateGroup, func(g iam.Group) any { return struct{ Group groupElement }{newGroup(g)} }),
		"GetGroup":   query(group.decodeList, d.GetGroup, encodeGroupMembers),
		"ListGroups": query(decodeByPath, d.ListGroups, encodeGroups),
		"UpdateGroup": change(func(f *form) iam.UpdateGroupInput {
			return iam.UpdateGroupInput{GroupName: f.required("GroupName"), NewGroupName: f.text("NewGroupName"), NewPath: f.text("NewPath")}
		}, d.UpdateGroup),
		"DeleteGroup":         change(group.decodeOne, d.DeleteGroup),
		"AddUserToGroup":      change(decodeMembership, d.AddUserToGroup),
		"RemoveUserFromGroup": change(decodeMembership, d.RemoveUserFromGroup),
	}
}

func decodeMembership(f *form) iam.MembershipInput {
	return iam.MembershipInput{GroupName: f.required("GroupName"), UserName: f.required("UserName")}
}

// userElement is the User data type (https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html). The account's root has no name.
type userElement struct {
	Path                string `xml:",omitempty"`
	UserName            string `xml:",omitempty"`
	UserId              string
	Arn                 string
	CreateDate          string
	PermissionsBoundary *boundaryElement
	Tags                *members[tagElement]
}

func newUser(u iam.User) userElement {
	element := newListedUser(u)
	element.PermissionsBoundary, element.Tags = newBoundary(u.Identity), optionalTags(u.Tags)
	return element
}

// newListedUser is a user as ListUsers shows it: without PermissionsBoundary and Tags (IAM API reference, ListUsers).
func newListedUser(u iam.User) userElement {
	return userElement{Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: u.ARN, CreateDate: timestamp(u.Created)}
}

func encodeUser(u iam.User) any { return struct{ User userElement }{newUser(u)} }

func encodeUsers(p iam.Page[iam.User]) any {
	return struct {
		Users members[userElement]
		pageElement
	}{listOf(p.Items, newListedUser), newPage(p)}
}

// groupElement is the Group data type (https://docs.aws.amazon.com/IAM/latest/APIReference/API_Group.html).
type groupElement struct{ Path, GroupName, GroupId, Arn, CreateDate string }

func newGroup(g iam.Group) groupElement {
	return groupElement{Path: g.Path, GroupName: g.Name, GroupId: g.ID, Arn: g.ARN, CreateDate: timestamp(g.Created)}
}

func encodeGroups(p iam.Page[iam.Group]) any {
	return struct {
		Groups members[groupElement]
		pageElement
	}{listOf(p.Items, newGroup), newPage(p)}
}

func encodeGroupMembers(g iam.GroupMembers) any {
	return struct {
		Group groupElement
		Users members[userElement]
		pageElement
	}{newGroup(g.Group), listOf(g.Items, newListedUser), newPage(g.Page)}
}

// accessKeyElement is AccessKey and, without a secret, AccessKeyMetadata
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html).
type accessKeyElement struct {
	UserName        string `xml:",omitempty"` // people's output of list-access-keys as root has none
	AccessKeyId     string
	Status          string
	SecretAccessKey string `xml:",omitempty"`
	CreateDate      string
}

func newAccessKey(k iam.AccessKey) accessKeyElement {
	element := accessKeyElement{UserName: k.UserName, AccessKeyId: k.ID, Status: "Active", SecretAccessKey: k.Secret, CreateDate: timestamp(k.Created)}
	if k.Inactive {
		element.Status = "Inactive"
	}
	return element
}

func encodeAccessKey(k iam.AccessKey) any {
	return struct{ AccessKey accessKeyElement }{newAccessKey(k)}
}

func encodeAccessKeys(p iam.Page[iam.AccessKey]) any {
	return struct {
		AccessKeyMetadata members[accessKeyElement]
		pageElement
	}{listOf(p.Items, newAccessKey), newPage(p)}
}

// encodeAccessKeyUse has N/A for the service and the region of a key that was never used (IAM API reference, AccessKeyLastUsed).
func encodeAccessKeyUse(u iam.AccessKeyUse) any {
	type lastUsed struct {
		LastUsedDate        string `xml:",omitempty"`
		ServiceName, Region string
	}
	element := lastUsed{ServiceName: "N/A", Region: "N/A"}
	if !u.LastUsed.Time.IsZero() {
		element = lastUsed{timestamp(u.LastUsed.Time), u.LastUsed.Service, u.LastUsed.Region}
	}
	return struct {
		UserName          string
		AccessKeyLastUsed lastUsed
	}{u.UserName, element}
}
