package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestIAMJavaScriptSDK makes IAM calls with the AWS SDK for JavaScript v3: javascript/iam.js makes them and prints what it saw.
func TestIAMJavaScriptSDK(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	out := runJavaScript(t, "iam.js", p.asAdmin(), map[string]string{
		"trust": p.trust("shop", "js"), "otherTrust": trustEC2, "permissions": allowGet, "otherPermissions": allowAll,
	})
	var saw []struct {
		Operation, Value, Name, Message string
		Status                          int
	}
	decode(t, out, &saw)
	user := "arn:aws:iam::" + p.account + ":user/js/js-a"
	policy := "arn:aws:iam::" + p.account + ":policy/js/js-policy"
	provider := "arn:aws:iam::" + p.account + ":oidc-provider/js.example.com/id/1"
	quoted := func(text string) string { return fmt.Sprintf("%q", text) }
	for i, line := range strings.Split(strings.TrimSpace(`
CreateRole ["/",["Application=core-api","Environment=test"],null,true]
CreateRole 409 EntityAlreadyExistsException Role with name JS-APP already exists.
CreateRole 400 MalformedPolicyDocumentException *
UpdateRole ""
UpdateAssumeRolePolicy ""
GetRole [`+quoted(trustEC2)+`,"ü",43200]
GetRole 404 NoSuchEntityException The role with name js-nobody cannot be found.
TagRole ""
UntagRole ""
ListRoleTags [["application=web + more = ß"],false]
PutRolePolicy ""
GetRolePolicy `+quoted(allowGet)+`
ListRolePolicies ["inline"]
CreatePolicy ["v1",true]
CreatePolicyVersion ["v2",true]
GetPolicy "v2"
GetPolicyVersion `+quoted(allowAll)+`
GetPolicyVersion 404 NoSuchEntityException Policy `+policy+` version v9 does not exist or is not attachable.
ListPolicyVersions ["v2","v1"]
SetDefaultPolicyVersion ""
DeletePolicyVersion 409 DeleteConflictException Cannot delete the default version of a policy.
DeletePolicyVersion ""
AttachRolePolicy ""
ListAttachedRolePolicies ["js-policy"]
ListEntitiesForPolicy [["js-app"],[],[]]
ListPolicies ["js-policy"]
DeletePolicy 409 DeleteConflictException Cannot delete a policy attached to entities.
DeleteRole 409 DeleteConflictException Cannot delete entity, must detach all policies first.
CreateOpenIDConnectProvider ""
AddClientIDToOpenIDConnectProvider ""
GetOpenIDConnectProvider ["js.example.com/id/1",["sts.amazonaws.com","other"],["`+strings.Repeat("a", 40)+`"]]
ListOpenIDConnectProviders true
DeleteOpenIDConnectProvider ""
GetOpenIDConnectProvider 404 NoSuchEntityException OpenIDConnect Provider not found for arn `+provider+`
CreateUser ""
CreateUser ""
ListUsers ["js-a","js-b"]
CreateAccessKey ["Active",40]
ListAccessKeys ["Active"]
DeleteUser 409 DeleteConflictException Cannot delete entity, must delete access keys first.
ListUsers 403 AccessDenied User: `+user+` is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::`+p.account+`:user/ because no identity-based policy allows the iam:ListUsers action
DeleteAccessKey ""
DeleteUser ""
CreateGroup ""
AddUserToGroup ""
GetGroup ["js-b"]
ListGroupsForUser ["js-group"]
CreateInstanceProfile []
AddRoleToInstanceProfile ""
ListInstanceProfilesForRole [["js-profile","js-app"]]
GetAccountSummary 5
GetAccountAuthorizationDetails ["js-group"]
ListMFADevices []
DeleteLoginProfile 404 NoSuchEntityException Login Profile for User js-b cannot be found.
SimulateCustomPolicy ["allowed",{"Line":1,"Column":38},{},[["arn:aws:s3:::shop/a","allowed"],["arn:aws:s3:::shop/b","allowed"]]]
SimulatePrincipalPolicy 404 NoSuchEntityException Unable to retrieve specified IAM entity.
GetContextKeysForCustomPolicy []`), "\n") {
		if i >= len(saw) {
			t.Fatalf("it made %d calls only", len(saw))
		}
		got := saw[i].Operation + " " + saw[i].Value
		if saw[i].Name != "" {
			got = fmt.Sprintf("%s %d %s %s", saw[i].Operation, saw[i].Status, saw[i].Name, saw[i].Message)
		}
		if beginning, open := strings.CutSuffix(line, "*"); got != line && !(open && strings.HasPrefix(got, beginning)) {
			t.Errorf("call %d:\ngot  %s\nwant %s", i+1, got, line)
		}
	}
}
