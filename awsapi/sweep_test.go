package awsapi_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/sigv4"
)

// calls are all Query calls but the unsigned one, with parameters that decode.
func calls() map[string]url.Values {
	const (
		role     = "RoleName=absent"
		policy   = "PolicyArn=arn:aws:iam::" + account + ":policy/absent"
		provider = "OpenIDConnectProviderArn=arn:aws:iam::" + account + ":oidc-provider/oidc.example.test/absent"
		tags     = "&Tags.member.1.Key=k&Tags.member.1.Value=v"
		tagKeys  = "&TagKeys.member.1=k"
		document = "=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"
	)
	trust := "AssumeRolePolicyDocument=" + url.QueryEscape(trustPolicy("x"))
	forms := map[string]string{
		"GetCallerIdentity":          "",
		"AssumeRole":                 "RoleArn=arn:aws:iam::" + account + ":role/absent&RoleSessionName=session",
		"GetSessionToken":            "DurationSeconds=900",
		"GetFederationToken":         "Name=Bob",
		"GetAccessKeyInfo":           "AccessKeyId=ASIAQNZGKIQY56JQ7WML",
		"DecodeAuthorizationMessage": "EncodedMessage=AAAA",

		"CreateRole":                    "RoleName=new&" + trust,
		"GetRole":                       role,
		"ListRoles":                     "PathPrefix=/&MaxItems=5",
		"UpdateRole":                    role + "&Description=",
		"UpdateRoleDescription":         role + "&Description=d",
		"UpdateAssumeRolePolicy":        role + "&PolicyDocument=" + url.QueryEscape(trustPolicy("x")),
		"DeleteRole":                    role,
		"TagRole":                       role + tags,
		"UntagRole":                     role + tagKeys,
		"ListRoleTags":                  role,
		"PutRolePermissionsBoundary":    role + "&PermissionsBoundary=arn:aws:iam::" + account + ":policy/absent",
		"DeleteRolePermissionsBoundary": role,

		"PutRolePolicy":            role + "&PolicyName=p&PolicyDocument" + document,
		"GetRolePolicy":            role + "&PolicyName=p",
		"ListRolePolicies":         role,
		"DeleteRolePolicy":         role + "&PolicyName=p",
		"AttachRolePolicy":         role + "&" + policy,
		"DetachRolePolicy":         role + "&" + policy,
		"ListAttachedRolePolicies": role,

		"CreatePolicy":            "PolicyName=new&PolicyDocument" + document,
		"GetPolicy":               policy,
		"ListPolicies":            "Scope=Local&OnlyAttached=false",
		"DeletePolicy":            policy,
		"CreatePolicyVersion":     policy + "&SetAsDefault=true&PolicyDocument" + document,
		"GetPolicyVersion":        policy + "&VersionId=v1",
		"ListPolicyVersions":      policy,
		"SetDefaultPolicyVersion": policy + "&VersionId=v1",
		"DeletePolicyVersion":     policy + "&VersionId=v1",
		"TagPolicy":               policy + tags,
		"UntagPolicy":             policy + tagKeys,
		"ListPolicyTags":          policy,
		"ListEntitiesForPolicy":   policy,

		"CreateOpenIDConnectProvider":             "Url=https://oidc.example.test/new&ClientIDList.member.1=a",
		"GetOpenIDConnectProvider":                provider,
		"ListOpenIDConnectProviders":              "",
		"DeleteOpenIDConnectProvider":             provider,
		"AddClientIDToOpenIDConnectProvider":      provider + "&ClientID=c",
		"RemoveClientIDFromOpenIDConnectProvider": provider + "&ClientID=c",
		"UpdateOpenIDConnectProviderThumbprint":   provider + "&ThumbprintList.member.1=9e99a48a9960b14926bb7f3b02e22da2b0ab7280",
		"TagOpenIDConnectProvider":                provider + tags,
		"UntagOpenIDConnectProvider":              provider + tagKeys,
		"ListOpenIDConnectProviderTags":           provider,
	}
	maps.Copy(forms, identityCalls())
	table := map[string]url.Values{}
	for action, form := range forms {
		values, err := url.ParseQuery(form)
		if err != nil {
			panic(err)
		}
		values.Set("Action", action)
		if service(action) == "sts" {
			values.Set("Version", "2011-06-15")
		} else {
			values.Set("Version", "2010-05-08")
		}
		table[action] = values
	}
	return table
}

func service(action string) string {
	switch action {
	case "AssumeRole", "GetCallerIdentity", "GetSessionToken", "GetFederationToken", "GetAccessKeyInfo", "DecodeAuthorizationMessage":
		return "sts"
	}
	return "iam"
}

// TestEveryCallIsSwept: the sweep has every call of STS and IAM that docs/compatibility.md says is done, but for the one without a signature.
func TestEveryCallIsSwept(t *testing.T) {
	listed := awsapi.ListedCalls(t)
	documented := slices.Collect(maps.Keys(listed["sts"]))
	documented = slices.AppendSeq(documented, maps.Keys(listed["iam"]))
	swept := slices.AppendSeq([]string{"AssumeRoleWithWebIdentity"}, maps.Keys(calls()))
	wantSet(t, documented, swept...)
}

// TestNobody: no signed call answers anything to a request without a signature, whatever else is in it.
func TestNobody(t *testing.T) {
	p := newPlane(t)
	for action, form := range calls() {
		response, body := p.post(t, sigv4.Credentials{}, "", form)
		if got := readRefusal(t, response, body); got.Code != "MissingAuthenticationToken" || got.Status != http.StatusForbidden {
			t.Errorf("%s without a signature: %+v", action, got)
		}
		response, body = p.post(t, sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, service(action), form)
		if got := readRefusal(t, response, body); got.Code != "InvalidClientTokenId" || got.Status != http.StatusForbidden {
			t.Errorf("%s with an unknown key: %+v", action, got)
		}
		wrong := sigv4.Credentials{AccessKeyID: p.root.AccessKeyID, SecretAccessKey: p.root.SecretAccessKey + "x"}
		response, body = p.post(t, wrong, service(action), form)
		if got := readRefusal(t, response, body); got.Code != "SignatureDoesNotMatch" || got.Status != http.StatusForbidden {
			t.Errorf("%s with a wrong secret: %+v", action, got)
		}
		for _, other := range []string{"s3", "openirsa", map[string]string{"sts": "iam", "iam": "sts"}[service(action)]} {
			response, body = p.post(t, p.root, other, form)
			want := "Credential should be scoped to correct service: '" + service(action) + "'. "
			if got := readRefusal(t, response, body); got.Code != "SignatureDoesNotMatch" || got.Message != want {
				t.Errorf("%s signed for %s: %+v", action, other, got)
			}
		}
	}
}

// TestNothingAllowed: a session whose role has no policies is denied everything but to learn its own name.
func TestNothingAllowed(t *testing.T) {
	p := newPlane(t)
	session := p.session(t, "powerless", "")
	for action, form := range calls() {
		if action == "GetCallerIdentity" {
			continue
		}
		response, body := p.post(t, session, service(action), form)
		got := readRefusal(t, response, body)
		wantMessage := "User: arn:aws:sts::" + account + ":assumed-role/powerless/test is not authorized to perform: " + service(action) + ":"
		if action == "GetSessionToken" || action == "GetFederationToken" { // no session may, whatever its policies
			wantMessage = "Cannot call " + action + " with session credentials"
		}
		if got.Code != "AccessDenied" || got.Status != http.StatusForbidden || !strings.HasPrefix(got.Message, wantMessage) {
			t.Errorf("%s: %+v", action, got)
		}
	}
}

// TestAbsent: root asks for what is not there.
func TestAbsent(t *testing.T) {
	p := newPlane(t)
	for action, form := range calls() {
		names := slices.ContainsFunc([]string{"RoleName", "PolicyArn", "OpenIDConnectProviderArn", "UserName", "GroupName", "InstanceProfileName", "AccountAlias", "PolicySourceArn"}, func(name string) bool {
			return strings.Contains(form.Get(name), "absent")
		})
		if !names {
			continue
		}
		response, body := p.post(t, p.root, "iam", form)
		if got := readRefusal(t, response, body); got.Code != "NoSuchEntity" || got.Status != http.StatusNotFound {
			t.Errorf("%s: %+v", action, got)
		}
	}
}

// TestParametersOfEveryCall: what is misspelled or missing is refused, and changes nothing.
func TestParametersOfEveryCall(t *testing.T) {
	p := newPlane(t)
	required := []string{
		"RoleName", "PolicyName", "PolicyArn", "PolicyDocument", "AssumeRolePolicyDocument", "VersionId", "OpenIDConnectProviderArn", "ClientID", "Url",
		"RoleArn", "RoleSessionName", "Tags.member.1.Value", "PermissionsBoundary",
		"Name", "AccessKeyId", "EncodedMessage", "GroupName", "InstanceProfileName", "AWSServiceName", "DeletionTaskId", "AccountAlias", "PolicySourceArn",
	}
	for action, form := range calls() {
		form.Set("Surprise", "1")
		response, body := p.post(t, p.root, service(action), form)
		if got := readRefusal(t, response, body); got.Code != "InvalidQueryParameter" || got.Message != "The parameter Surprise is not recognized" {
			t.Errorf("%s with an unknown parameter: %+v", action, got)
		}
		form.Del("Surprise")
		for _, name := range required {
			value, given := form[name]
			if !given {
				continue
			}
			form.Del(name)
			response, body := p.post(t, p.root, service(action), form)
			code, message := "ValidationError", "1 validation error detected: Value at '"
			switch {
			case service(action) == "sts":
				message = "1 validation error detected: Value null at '"
			case name == "RoleName" && (action == "GetRole" || action == "DeleteRole"), name == "AccessKeyId":
				code, message = "MissingParameter", "The request must contain the parameter "+name+"."
			}
			if got := readRefusal(t, response, body); got.Code != code || !strings.HasPrefix(got.Message, message) {
				t.Errorf("%s without %s: %+v", action, name, got)
			}
			form[name] = value
		}
	}
	response, body := p.post(t, p.root, "iam", calls()["ListRoles"])
	if response.StatusCode != http.StatusOK || strings.Contains(string(body), "<RoleName>") {
		t.Errorf("after calls that were all refused: %d %s", response.StatusCode, body)
	}
}
