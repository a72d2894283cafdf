package awsapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// call sends what root asks of IAM, and fails the test unless it is done.
func (p *plane) call(t *testing.T, action, form string) []byte {
	t.Helper()
	response, body := p.post(t, p.root, "iam", iamForm(t, action, form))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", action, response.StatusCode, body)
	}
	return body
}

func iamForm(t *testing.T, action, form string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(form)
	must(t, err)
	values.Set("Action", action)
	values.Set("Version", "2010-05-08")
	return values
}

// TestUserRefusals: refusals of calls on users, access keys, groups and instance profiles, in the words that AWS was recorded to answer (localstack's
// validated snapshots of February 2026: test_iam_users, test_iam_groups, test_iam_instance_profiles; of markers test_iam_mfa).
func TestUserRefusals(t *testing.T) {
	p := newPlane(t)
	p.call(t, "CreateUser", "UserName=alice")
	p.call(t, "CreateGroup", "GroupName=people")
	p.call(t, "CreateInstanceProfile", "InstanceProfileName=nodes")
	p.call(t, "CreateRole", "RoleName=node&AssumeRolePolicyDocument="+url.QueryEscape(trustPolicy("x")))
	const marker = "Marker=invalid-marker-value" // which is base64 of something
	for _, c := range []struct {
		action, form  string
		code, message string
		status        int
	}{
		{"UpdateAccessKey", "UserName=alice&Status=Inactive&AccessKeyId=AKIAIOSFODNN7EXAMPLE", "NoSuchEntity",
			"The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.", http.StatusNotFound},
		// Whoever asks, and however much they may, of a key that the account does not have.
		{"GetAccessKeyLastUsed", "AccessKeyId=AKIAIOSFODNN7EXAMPLE", "AccessDenied",
			"User: arn:aws:iam::" + account + ":root is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE",
			http.StatusForbidden},
		{"RemoveUserFromGroup", "GroupName=absent&UserName=nobody", "NoSuchEntity", "The user with name nobody cannot be found.", http.StatusNotFound},
		{"RemoveUserFromGroup", "GroupName=absent&UserName=alice", "NoSuchEntity", "The group with name absent cannot be found.", http.StatusNotFound},
		{"AddUserToGroup", "GroupName=absent&UserName=alice", "NoSuchEntity", "The group with name absent cannot be found.", http.StatusNotFound},
		{"AddUserToGroup", "GroupName=people&UserName=nobody", "NoSuchEntity", "The user with name nobody cannot be found.", http.StatusNotFound},
		{"RemoveRoleFromInstanceProfile", "InstanceProfileName=nodes&RoleName=node", "NoSuchEntity",
			"Role node in Instance Profile nodes cannot be found.", http.StatusNotFound},
		{"RemoveRoleFromInstanceProfile", "InstanceProfileName=nodes&RoleName=absent", "NoSuchEntity",
			"The role with name absent cannot be found.", http.StatusNotFound},
		{"RemoveRoleFromInstanceProfile", "InstanceProfileName=absent&RoleName=node", "NoSuchEntity",
			"Instance Profile absent cannot be found.", http.StatusNotFound},
		{"ListUsers", marker, "ValidationError", "Invalid Marker.", http.StatusBadRequest},
		{"ListVirtualMFADevices", marker, "ValidationError", "Invalid Marker.", http.StatusBadRequest},
		{"GetAccountAuthorizationDetails", marker, "ValidationError", "Invalid Marker.", http.StatusBadRequest},
	} {
		response, body := p.post(t, p.root, "iam", iamForm(t, c.action, c.form))
		if got := readRefusal(t, response, body); got.Code != c.code || got.Message != c.message || got.Status != c.status {
			t.Errorf("%s %s: %+v", c.action, c.form, got)
		}
	}
}

// TestRootKeys: the keys of an account's root have no user's name, as in people's output of list-access-keys.
func TestRootKeys(t *testing.T) {
	p := newPlane(t)
	for _, action := range []string{"CreateAccessKey", "ListAccessKeys"} {
		body := string(p.call(t, action, ""))
		if strings.Contains(body, "UserName") || !strings.Contains(body, "<AccessKeyId>AKIA") || !strings.Contains(body, "<Status>Active</Status>") {
			t.Errorf("%s answers %s", action, body)
		}
	}
}
