package awsapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const allowsGet = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`

// TestSimulationAnswers: the answers element by element. What AWS leaves out and what it has empty is as it was recorded to answer in September 2026
// (github.com/radkawar/stackd, testdata/aws/iam/simulation.json: custom_default_resource, missing_relevant, composition_cross_no_identity).
func TestSimulationAnswers(t *testing.T) {
	p := newPlane(t)
	const statement = `<member><SourcePolicyId>PolicyInputList.1</SourcePolicyId><SourcePolicyType>IAM Policy</SourcePolicyType>` +
		`<StartPosition><Line>1</Line><Column>38</Column></StartPosition><EndPosition><Line>1</Line><Column>95</Column></EndPosition></member>`
	const bucket = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`
	const details = `<EvalDecisionDetails><entry><key>IAM Policy</key><value>implicitDeny</value></entry><entry><key>Resource Policy</key><value>allowed</value></entry></EvalDecisionDetails>`
	missing := strings.Replace(allowsGet, `"*"}`, `"*","Condition":{"StringEquals":{"stack:missing":"yes"}}}`, 1)
	escaped := url.QueryEscape
	for _, c := range []struct{ action, form, want string }{
		{"SimulateCustomPolicy", "ActionNames.member.1=s3:GetObject&PolicyInputList.member.1=" + escaped(allowsGet),
			`<EvaluationResults><member><EvalActionName>s3:GetObject</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>allowed</EvalDecision>` +
				`<MatchedStatements>` + statement + `</MatchedStatements><MissingContextValues></MissingContextValues></member></EvaluationResults><IsTruncated>false</IsTruncated>`},
		{"SimulateCustomPolicy", "ActionNames.member.1=s3:GetObject&ResourceArns.member.1=arn:aws:s3:::b/k&PermissionsBoundaryPolicyInputList.member.1=" + escaped(allowsGet) +
			"&PolicyInputList.member.1=" + escaped(missing),
			`<EvaluationResults><member><EvalActionName>s3:GetObject</EvalActionName><EvalResourceName>arn:aws:s3:::b/k</EvalResourceName><EvalDecision>implicitDeny</EvalDecision>` +
				`<MatchedStatements></MatchedStatements><MissingContextValues><member>stack:missing</member></MissingContextValues>` +
				`<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>true</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>` +
				`<EvalDecisionDetails></EvalDecisionDetails><ResourceSpecificResults><member><EvalResourceName>arn:aws:s3:::b/k</EvalResourceName>` +
				`<EvalResourceDecision>implicitDeny</EvalResourceDecision><MissingContextValues><member>stack:missing</member></MissingContextValues>` +
				`<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>true</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>` +
				`</member></ResourceSpecificResults></member></EvaluationResults><IsTruncated>false</IsTruncated>`},
		{"SimulateCustomPolicy", "ActionNames.member.1=s3:GetObject&ResourceArns.member.1=arn:aws:s3:::b/k&PolicyInputList=&CallerArn=arn:aws:iam::" + account + ":user/alice" +
			"&ResourceOwner=arn:aws:iam::444455556666:root&ResourcePolicy=" + escaped(bucket),
			`<EvaluationResults><member><EvalActionName>s3:GetObject</EvalActionName><EvalResourceName>arn:aws:s3:::b/k</EvalResourceName><EvalDecision>implicitDeny</EvalDecision>` +
				`<MatchedStatements></MatchedStatements><MissingContextValues></MissingContextValues>` + details +
				`<ResourceSpecificResults><member><EvalResourceName>arn:aws:s3:::b/k</EvalResourceName><EvalResourceDecision>implicitDeny</EvalResourceDecision>` + details +
				`</member></ResourceSpecificResults></member></EvaluationResults><IsTruncated>false</IsTruncated>`},
		{"GetContextKeysForCustomPolicy", "PolicyInputList.member.1=" + escaped(missing), `<ContextKeyNames><member>stack:missing</member></ContextKeyNames>`},
		{"GetContextKeysForCustomPolicy", "PolicyInputList=", `<ContextKeyNames></ContextKeyNames>`},
	} {
		_, result, _ := strings.Cut(string(p.call(t, c.action, c.form)), "<"+c.action+"Result>")
		if result, _, _ = strings.Cut(result, "</"+c.action+"Result>"); result != c.want {
			t.Errorf("%s %s answers\n%s\nwant\n%s", c.action, c.form, result, c.want)
		}
	}
}

// TestSimulationSDK: what the SDK sends arrives, lists in lists and in structures among it, and what it reads is what was answered.
func TestSimulationSDK(t *testing.T) {
	p := newPlane(t)
	client := p.iam()
	_, err := client.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("alice")})
	must(t, err)
	allows := strings.Replace(allowsGet, `"*"}`, `"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"NumericLessThan":{"s3:max-keys":"10"}}}`, 1)
	input := &awsiam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String("arn:aws:iam::" + account + ":user/alice"), ActionNames: []string{"s3:GetObject", "s3:PutObject"}, PolicyInputList: []string{allows},
		ContextEntries: []types.ContextEntry{
			{ContextKeyName: aws.String("aws:TagKeys"), ContextKeyType: types.ContextKeyTypeEnumStringList, ContextKeyValues: []string{"a", "b"}},
			{ContextKeyName: aws.String("s3:max-keys"), ContextKeyType: types.ContextKeyTypeEnumNumeric, ContextKeyValues: []string{"9"}},
		},
		MaxItems: aws.Int32(1),
	}
	decisions := ""
	for pages := awsiam.NewSimulatePrincipalPolicyPaginator(client, input); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		for _, r := range page.EvaluationResults {
			decisions += *r.EvalActionName + " " + string(r.EvalDecision) + ";"
		}
	}
	if decisions != "s3:GetObject allowed;s3:PutObject implicitDeny;" {
		t.Errorf("decisions are %s", decisions)
	}
	custom, err := client.SimulateCustomPolicy(t.Context(), &awsiam.SimulateCustomPolicyInput{
		ActionNames: []string{"s3:GetObject"}, PolicyInputList: []string{allowsGet},
		OrderedOrganizationPolicyInputList: []types.OrderedOrganizationPolicyType{
			{ServiceControlPolicyInputList: []string{strings.Replace(allowsGet, "Allow", "Deny", 1), allowsGet}},
		},
	})
	must(t, err)
	if r := custom.EvaluationResults[0]; r.EvalDecision != types.PolicyEvaluationDecisionTypeExplicitDeny || r.OrganizationsDecisionDetail == nil || r.OrganizationsDecisionDetail.AllowedByOrganizations {
		t.Errorf("under an organization's policy: %+v", r)
	}
	keys, err := client.GetContextKeysForPrincipalPolicy(t.Context(), &awsiam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: input.PolicySourceArn, PolicyInputList: []string{allows}})
	must(t, err)
	wantSet(t, keys.ContextKeyNames, "aws:TagKeys", "s3:max-keys")
	_, err = client.GetContextKeysForPrincipalPolicy(t.Context(), &awsiam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::" + account + ":user/nobody")})
	wantError(t, err, "NoSuchEntity", http.StatusNotFound)
}

// TestSimulationParameters: lists that must be given, members of structures that are unknown or beyond a gap.
func TestSimulationParameters(t *testing.T) {
	p := newPlane(t)
	const given = "ActionNames.member.1=s3:GetObject&PolicyInputList="
	const entry = "&ContextEntries.member.1.ContextKeyName=aws:x&ContextEntries.member.1.ContextKeyType=string&ContextEntries.member.1.ContextKeyValues.member."
	missing := func(name string) string {
		return "1 validation error detected: Value at '" + name + "' failed to satisfy constraint: Member must not be null"
	}
	for _, c := range []struct{ action, form, code, message string }{
		{"SimulateCustomPolicy", "PolicyInputList=", "ValidationError", missing("actionNames")},
		{"SimulateCustomPolicy", "ActionNames.member.1=s3:GetObject", "ValidationError", missing("policyInputList")},
		{"GetContextKeysForCustomPolicy", "", "ValidationError", missing("policyInputList")},
		{"SimulatePrincipalPolicy", given, "ValidationError", missing("policySourceArn")},
		{"SimulateCustomPolicy", given + entry + "2=a", "InvalidQueryParameter", "The parameter ContextEntries.member.1.ContextKeyValues.member.2 is not recognized"},
		{"SimulateCustomPolicy", given + entry + "1=a&ContextEntries.member.3.ContextKeyName=aws:y", "InvalidQueryParameter", "The parameter ContextEntries.member.3.ContextKeyName is not recognized"},
		{"SimulateCustomPolicy", given + "&OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList=", "InvalidInput",
			"Organization policy at index 1 must contain at least one service control policy"},
		{"SimulateCustomPolicy", given + "&ContextEntries.member.1.ContextKeyName=aws:x&ContextEntries.member.1.ContextKeyType=string&ContextEntries.member.1.ContextKeyValues=",
			"InvalidInput", "Context values for context key aws:x cannot be null or empty."},
		// A parameter of SimulatePrincipalPolicy that is not modelled must not be dropped: the simulation would be of more policies than was asked for.
		{"SimulatePrincipalPolicy", given + "&PolicySourceArn=arn:aws:iam::" + account + ":user/alice&PolicyExclusionList.member.1.PolicyType=inline", "InvalidQueryParameter",
			"The parameter PolicyExclusionList.member.1.PolicyType is not recognized"},
	} {
		response, body := p.post(t, p.root, "iam", iamForm(t, c.action, c.form))
		if got := readRefusal(t, response, body); got.Code != c.code || got.Message != c.message || got.Status != http.StatusBadRequest {
			t.Errorf("%s %s: %+v, want %s %s", c.action, c.form, got, c.code, c.message)
		}
	}
}
