package awsapi_test

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// element is any element of an answer.
type element struct {
	XMLName  xml.Name
	Children []element `xml:",any"`
}

// outline is the names of an element and all below it, in no order: Roles(member(Arn Path)).
func (e element) outline() string {
	var below []string
	for _, child := range e.Children {
		below = append(below, child.outline())
	}
	slices.Sort(below)
	return strings.TrimSuffix(e.XMLName.Local+"("+strings.Join(below, " ")+")", "()")
}

// outlineOf is the outline of the first element with that name in an answer.
func outlineOf(t *testing.T, body []byte, name string) string {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		must(t, err)
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == name {
			var found element
			must(t, decoder.DecodeElement(&found, &start))
			return found.outline()
		}
	}
}

// profileRole is what an answer with an instance profile has of its role.
const profileRole = "member(Arn AssumeRolePolicyDocument CreateDate Path RoleId RoleName)"

// TestInstanceProfileMembers: the members that AWS was recorded to answer with (localstack's validated snapshots of test_iam_instance_profiles,
// February 2026).
func TestInstanceProfileMembers(t *testing.T) {
	p := newPlane(t)
	profile := func(rest string) string {
		return "InstanceProfile(Arn CreateDate InstanceProfileId InstanceProfileName Path " + rest + ")"
	}
	listed := func(rest string) string {
		return "InstanceProfiles(member(Arn CreateDate InstanceProfileId InstanceProfileName Path " + rest + "))"
	}
	for _, step := range []struct{ action, form, within, want string }{
		{"CreateInstanceProfile", "InstanceProfileName=nodes", "InstanceProfile", profile("Roles")},
		{"GetInstanceProfile", "InstanceProfileName=nodes", "InstanceProfile", profile("Roles Tags")},
		{"CreateRole", "RoleName=node&Description=d&AssumeRolePolicyDocument=" + url.QueryEscape(trustPolicy("x")), "", ""},
		{"AddRoleToInstanceProfile", "InstanceProfileName=nodes&RoleName=node", "", ""},
		{"TagInstanceProfile", "InstanceProfileName=nodes&Tags.member.1.Key=k&Tags.member.1.Value=v", "", ""},
		{"GetInstanceProfile", "InstanceProfileName=nodes", "InstanceProfile", profile("Roles(" + profileRole + ") Tags(member(Key Value))")},
		{"ListInstanceProfiles", "", "InstanceProfiles", listed("Roles(" + profileRole + ")")},
		{"ListInstanceProfilesForRole", "RoleName=node", "InstanceProfiles", listed("Roles(" + profileRole + ")")},
		{"CreateInstanceProfile", "InstanceProfileName=tagged&Tags.member.1.Key=k&Tags.member.1.Value=v", "InstanceProfile", profile("Roles Tags(member(Key Value))")},
	} {
		body := p.call(t, step.action, step.form)
		if step.within == "" {
			continue
		}
		if got := outlineOf(t, body, step.within); got != step.want {
			t.Errorf("%s %s:\n got %s\nwant %s", step.action, step.form, got, step.want)
		}
	}
}

// TestAuthorizationDetailsMembers: the members, and the order of a policy's versions, that AWS was recorded to answer with (localstack's validated
// snapshots of test_iam_account_authorization_details, February 2026).
func TestAuthorizationDetailsMembers(t *testing.T) {
	p := newPlane(t)
	const document = "=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"
	p.call(t, "CreateUser", "UserName=alice")
	p.call(t, "CreateGroup", "GroupName=people")
	p.call(t, "CreateRole", "RoleName=node&Description=d&AssumeRolePolicyDocument="+url.QueryEscape(trustPolicy("x")))
	p.call(t, "CreatePolicy", "PolicyName=P&PolicyDocument"+document)
	details := func(filter, list, want string) {
		t.Helper()
		if got := outlineOf(t, p.call(t, "GetAccountAuthorizationDetails", "Filter.member.1="+filter), list); got != list+"(member("+want+"))" {
			t.Errorf("%s:\n got %s\nwant %s(member(%s))", filter, got, list, want)
		}
	}
	details("User", "UserDetailList", "Arn AttachedManagedPolicies CreateDate GroupList Path Tags UserId UserName")
	details("Group", "GroupDetailList", "Arn AttachedManagedPolicies CreateDate GroupId GroupName GroupPolicyList Path")
	details("Role", "RoleDetailList", "Arn AssumeRolePolicyDocument AttachedManagedPolicies CreateDate InstanceProfileList Path RoleId RoleLastUsed RoleName RolePolicyList Tags")
	details("LocalManagedPolicy", "Policies", "Arn AttachmentCount CreateDate DefaultVersionId IsAttachable Path PermissionsBoundaryUsageCount PolicyId PolicyName "+
		"PolicyVersionList(member(CreateDate Document IsDefaultVersion VersionId)) UpdateDate")

	p.call(t, "PutUserPolicy", "UserName=alice&PolicyName=p&PolicyDocument"+document)
	p.call(t, "AddUserToGroup", "UserName=alice&GroupName=people")
	p.call(t, "CreateInstanceProfile", "InstanceProfileName=nodes")
	p.call(t, "AddRoleToInstanceProfile", "InstanceProfileName=nodes&RoleName=node")
	details("User", "UserDetailList", "Arn AttachedManagedPolicies CreateDate GroupList(member) Path Tags UserId UserName UserPolicyList(member(PolicyDocument PolicyName))")
	details("Role", "RoleDetailList", "Arn AssumeRolePolicyDocument AttachedManagedPolicies CreateDate "+
		"InstanceProfileList(member(Arn CreateDate InstanceProfileId InstanceProfileName Path Roles("+profileRole+"))) Path RoleId RoleLastUsed RoleName RolePolicyList Tags")

	p.call(t, "CreatePolicyVersion", "PolicyArn=arn:aws:iam::"+account+":policy/P&PolicyDocument"+document)
	body := string(p.call(t, "GetAccountAuthorizationDetails", "Filter.member.1=LocalManagedPolicy"))
	if newest, oldest := strings.Index(body, "<VersionId>v2<"), strings.Index(body, "<VersionId>v1<"); newest < 0 || oldest < newest {
		t.Errorf("the versions are not listed newest first: %s", body)
	}
}

// TestAccountSummary: the keys, and the values that no account changes, as AWS was recorded to answer (localstack's validated snapshot of
// test_iam_account_summary, February 2026).
func TestAccountSummary(t *testing.T) {
	p := newPlane(t)
	var answer struct {
		Entries []struct {
			Key   string `xml:"key"`
			Value int    `xml:"value"`
		} `xml:"GetAccountSummaryResult>SummaryMap>entry"`
	}
	must(t, xml.Unmarshal(p.call(t, "GetAccountSummary", ""), &answer))
	const own = -1 // the account's own
	want := map[string]int{
		"AccessKeysPerUserQuota": 2, "AccountAccessKeysPresent": own, "AccountMFAEnabled": 0, "AccountPasswordPresent": own,
		"AccountSigningCertificatesPresent": 0, "AssumeRolePolicySizeQuota": 2048, "AttachedPoliciesPerGroupQuota": 10,
		"AttachedPoliciesPerRoleQuota": 10, "AttachedPoliciesPerUserQuota": 10, "GlobalEndpointTokenVersion": 1, "GroupPolicySizeQuota": 5120,
		"Groups": own, "GroupsPerUserQuota": 10, "GroupsQuota": 300, "InstanceProfiles": own, "InstanceProfilesQuota": 1000, "MFADevices": own,
		"MFADevicesInUse": own, "Policies": own, "PoliciesQuota": 1500, "PolicySizeQuota": 6144, "PolicyVersionsInUse": own,
		"PolicyVersionsInUseQuota": 10000, "Providers": own, "RolePolicySizeQuota": 10240, "Roles": own, "RolesQuota": 1000,
		"ServerCertificates": own, "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2, "UserPolicySizeQuota": 2048,
		"Users": own, "UsersQuota": 5000, "VersionsPerPolicyQuota": 5,
	}
	for _, entry := range answer.Entries {
		if value, known := want[entry.Key]; !known || value != own && value != entry.Value {
			t.Errorf("%s is %d, want %d", entry.Key, entry.Value, value)
		}
		delete(want, entry.Key)
	}
	if len(want) > 0 {
		t.Errorf("the summary lacks %v", want)
	}
}
