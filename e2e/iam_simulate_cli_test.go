package e2e

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// TestSimulatorsCLI types the commands of the AWS CLI reference's pages on the four calls, and looks at what is printed.
func TestSimulatorsCLI(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := p.commandLine(t)
	const ids = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",` +
		`"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}`
	c.is(t, `{"ContextKeyNames":["aws:username","aws:CurrentTime"]}`, "aws iam get-context-keys-for-custom-policy --policy-input-list '"+ids+"'")
	// A list's file holds a list: the CLI makes one of the characters of any other text.
	shop := strings.Replace(allowGet, `"*"`, `"arn:aws:s3:::shop/*"`, 1)
	c.write(t, "shop.json", list(t, shop))
	inside := strings.Replace(allowGet, "}]", `},
{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]`, 1)
	c.write(t, "policies.json", list(t, shop, inside))
	c.write(t, "policy.json", inside)

	matched := `[{"SourcePolicyId":"PolicyInputList.1","SourcePolicyType":"IAM Policy","StartPosition":{"Line":1,"Column":38},"EndPosition":{"Line":1,"Column":` + strconv.Itoa(len(shop)-1) + `}}]`
	c.is(t, `{"EvaluationResults":[
		{"EvalActionName":"s3:GetObject","EvalResourceName":"arn:aws:s3:::shop/a","EvalDecision":"allowed",
			"MatchedStatements":`+matched+`,
			"MissingContextValues":[],"EvalDecisionDetails":{},
			"ResourceSpecificResults":[{"EvalResourceName":"arn:aws:s3:::shop/a","EvalResourceDecision":"allowed",
				"MatchedStatements":`+matched+`}]},
		{"EvalActionName":"s3:PutObject","EvalResourceName":"arn:aws:s3:::shop/a","EvalDecision":"implicitDeny","MatchedStatements":[],"MissingContextValues":[],"EvalDecisionDetails":{},
			"ResourceSpecificResults":[{"EvalResourceName":"arn:aws:s3:::shop/a","EvalResourceDecision":"implicitDeny"}]}]}`,
		"aws iam simulate-custom-policy --policy-input-list file://shop.json --action-names s3:GetObject s3:PutObject --resource-arns arn:aws:s3:::shop/a")
	const decisions = " --query EvaluationResults[].EvalDecision --output text"
	for address, want := range map[string]string{"203.0.113.7": "allowed", "198.51.100.7": "explicitDeny"} {
		c.is(t, want, "aws iam simulate-custom-policy --policy-input-list file://policies.json --action-names s3:GetObject "+
			"--context-entries ContextKeyName='aws:SourceIp',ContextKeyValues='"+address+"',ContextKeyType=ip"+decisions)
	}
	// The CLI reads all pages, whatever their size.
	c.is(t, `["explicitDeny","implicitDeny","implicitDeny"]`, "aws iam simulate-custom-policy --policy-input-list file://policies.json --action-names s3:GetObject s3:PutObject s3:ListBucket "+
		"--context-entries ContextKeyName='aws:SourceIp',ContextKeyValues='198.51.100.7',ContextKeyType=ip --page-size 1 --query EvaluationResults[].EvalDecision")
	c.refused(t, "An error occurred (InvalidInput) when calling the SimulateCustomPolicy operation: Policy input list item 1 has invalid content",
		"aws iam simulate-custom-policy --policy-input-list '{\"Statement\":7}' --action-names s3:GetObject")
	c.refused(t, "An error occurred (InvalidInput) when calling the GetContextKeysForCustomPolicy operation: Policy input list item 1 has invalid content",
		"aws iam get-context-keys-for-custom-policy --policy-input-list '{}'")
	testCLIPrincipal(t, p, c)
}

// testCLIPrincipal: a role as pods have it, and a user's own question.
func testCLIPrincipal(t *testing.T, p *plane, c commandLine) {
	t.Helper()
	c.write(t, "trust.json", p.trust("shop", "web"))
	c.run(t, "aws iam create-role --role-name web --assume-role-policy-document file://trust.json")
	c.run(t, "aws iam put-role-policy --role-name web --policy-name read --policy-document file://policy.json")
	web := "arn:aws:iam::" + p.account + ":role/web"
	c.is(t, `{"ContextKeyNames":["aws:SourceIp"]}`, "aws iam get-context-keys-for-principal-policy --policy-source-arn "+web)
	c.is(t, `[["s3:GetObject","allowed","role_web_read"],["s3:PutObject","implicitDeny",null]]`,
		"aws iam simulate-principal-policy --policy-source-arn "+web+" --action-names s3:GetObject s3:PutObject "+
			"--context-entries ContextKeyName='aws:SourceIp',ContextKeyValues='203.0.113.7',ContextKeyType=ip "+
			"--query 'EvaluationResults[].[EvalActionName,EvalDecision,MatchedStatements[0].SourcePolicyId]'")
	c.refused(t, "An error occurred (NoSuchEntity) when calling the SimulatePrincipalPolicy operation: Unable to retrieve specified IAM entity.",
		"aws iam simulate-principal-policy --policy-source-arn "+web+"-2 --action-names s3:GetObject")
	c.refused(t, "An error occurred (NoSuchEntity) when calling the GetContextKeysForPrincipalPolicy operation: Unable to retrieve specified IAM entity.",
		"aws iam get-context-keys-for-principal-policy --policy-source-arn "+web+"-2")
}

// list is a JSON list of texts.
func list(t *testing.T, texts ...string) string {
	t.Helper()
	encoded, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
