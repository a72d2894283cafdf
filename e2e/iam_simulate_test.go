package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func testSimulators(t *testing.T, w *iamWorld) {
	t.Run("custom policies", func(t *testing.T) { testSimulateCustomPolicy(t, w) })
	t.Run("a resource's policy", func(t *testing.T) { testSimulateResourcePolicy(t, w) })
	t.Run("an organization", func(t *testing.T) { testSimulateOrganization(t, w) })
	t.Run("a principal", func(t *testing.T) { testSimulatePrincipalPolicy(t, w) })
	t.Run("it says what happens", func(t *testing.T) { testSimulationHolds(t, w) })
}

// told is a simulation on one line for each action.
func told(results []types.EvaluationResult) string {
	var out strings.Builder
	for _, r := range results {
		fmt.Fprintf(&out, "%s on %s: %s%s", aws.ToString(r.EvalActionName), aws.ToString(r.EvalResourceName), r.EvalDecision, tellStatements(r.MatchedStatements))
		for _, missing := range r.MissingContextValues {
			out.WriteString(" without " + missing)
		}
		if detail := r.PermissionsBoundaryDecisionDetail; detail != nil {
			fmt.Fprintf(&out, " bounded: %t", detail.AllowedByPermissionsBoundary)
		}
		if detail := r.OrganizationsDecisionDetail; detail != nil {
			fmt.Fprintf(&out, " organization: %t", detail.AllowedByOrganizations)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// tellStatements has each as "by ID begin-end".
func tellStatements(statements []types.Statement) (text string) {
	place := func(p *types.Position) string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }
	for _, s := range statements {
		text += fmt.Sprintf(" by %s %s-%s", aws.ToString(s.SourcePolicyId), place(s.StartPosition), place(s.EndPosition))
	}
	return text
}

// onlyStatement is where the statement of a document of version 2012-10-17 without white space begins and ends.
func onlyStatement(document string) string { return fmt.Sprintf("1:38-1:%d", len(document)-1) }

func wantTold(t *testing.T, results []types.EvaluationResult, lines ...string) {
	t.Helper()
	if got, want := told(results), strings.Join(lines, "\n")+"\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func testSimulateCustomPolicy(t *testing.T, w *iamWorld) {
	const document = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
  ]
}`
	simulation := &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{document}, ActionNames: []string{"s3:GetObject", "s3:DeleteObject", "sqs:SendMessage"},
		ContextEntries: []types.ContextEntry{{ContextKeyName: new("aws:MultiFactorAuthPresent"), ContextKeyType: types.ContextKeyTypeEnumBoolean, ContextKeyValues: []string{"false"}}},
	}
	answer := ask(t, w.iam.SimulateCustomPolicy, simulation)
	// Statements begin after what stands before them, and end after their brace, as AWS's were recorded to do.
	wantTold(t, answer.EvaluationResults,
		"s3:GetObject on *: allowed by PolicyInputList.1 3:17-4:59",
		"s3:DeleteObject on *: explicitDeny by PolicyInputList.1 4:59-5:128",
		"sqs:SendMessage on *: implicitDeny")
	if answer.IsTruncated || answer.Marker != nil || answer.EvaluationResults[0].MatchedStatements[0].SourcePolicyType != "IAM Policy" {
		t.Errorf("the answer is %+v", answer)
	}
	one := *simulation
	one.MaxItems = new(int32(1))
	wantPages(t, iam.NewSimulateCustomPolicyPaginator(w.iam, &one), func(page *iam.SimulateCustomPolicyOutput) []string {
		return namesOf(page.EvaluationResults, func(r types.EvaluationResult) *string { return r.EvalActionName })
	}, simulation.ActionNames...)

	bounded := *simulation
	bounded.ContextEntries, bounded.PermissionsBoundaryPolicyInputList = nil, []string{allowGet}
	wantTold(t, ask(t, w.iam.SimulateCustomPolicy, &bounded).EvaluationResults,
		"s3:GetObject on *: allowed by PolicyInputList.1 3:17-4:59 bounded: true",
		"s3:DeleteObject on *: implicitDeny without aws:MultiFactorAuthPresent bounded: false",
		"sqs:SendMessage on *: implicitDeny without aws:MultiFactorAuthPresent bounded: false")

	keys := ask(t, w.iam.GetContextKeysForCustomPolicy, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{
		document, strings.Replace(allowGet, `"*"`, `"arn:aws:s3:::shop/${aws:username}/*"`, 1),
	}})
	wantNames(t, keys.ContextKeyNames, "aws:MultiFactorAuthPresent", "aws:username")

	// The Service Authorization Reference has no s3:GetObject of queues, whatever a policy allows.
	everything := strings.Replace(allowAll, "s3:*", "*", 1)
	const queue = "arn:aws:sqs:eu-west-1:111122223333:orders"
	wantTold(t, ask(t, w.iam.SimulateCustomPolicy, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{everything}, ActionNames: []string{"s3:GetObject", "sqs:SendMessage"}, ResourceArns: []string{queue},
	}).EvaluationResults,
		"s3:GetObject on "+queue+": implicitDeny", "sqs:SendMessage on "+queue+": allowed by PolicyInputList.1 "+onlyStatement(everything))

	for message, change := range map[string]func(*iam.SimulateCustomPolicyInput){
		"Policy input list item 2 has invalid content":    func(in *iam.SimulateCustomPolicyInput) { in.PolicyInputList = []string{allowGet, "{"} },
		"The action is invalid since it is missing names": func(in *iam.SimulateCustomPolicyInput) { in.ActionNames = []string{"GetObject"} },
	} {
		wrong := *simulation
		change(&wrong)
		refuse(t, w.iam.SimulateCustomPolicy, &wrong, 400, "InvalidInput", message)
	}
	refuse(t, w.iam.GetContextKeysForCustomPolicy, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{notAPolicy}}, 400, "InvalidInput", "Policy input list item 1 has invalid content")
}

// testSimulateResourcePolicy is access across accounts, which both sides must allow (IAM User Guide, "Cross-account policy evaluation logic").
func testSimulateResourcePolicy(t *testing.T, w *iamWorld) {
	const shared, secret = "arn:aws:s3:::shop/shared", "arn:aws:s3:::shop/secret"
	caller := "arn:aws:iam::" + w.account + ":user/ann"
	answer := ask(t, w.iam.SimulateCustomPolicy, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{allowGet}, ActionNames: []string{"s3:GetObject"}, ResourceArns: []string{shared, secret},
		ResourcePolicy: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + caller + `"},"Action":"s3:GetObject","Resource":"` + shared + `"}]}`),
		ResourceOwner:  new("arn:aws:iam::111122223333:root"), CallerArn: &caller,
	}).EvaluationResults
	if len(answer) != 1 || answer[0].EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny {
		t.Fatalf("the answer is %s", told(answer))
	}
	got := []string{}
	for _, r := range answer[0].ResourceSpecificResults {
		sources := namesOf(r.MatchedStatements, func(s types.Statement) *string { return s.SourcePolicyId })
		slices.Sort(sources)
		got = append(got, fmt.Sprintf("%s %s %v: IAM Policy %s, Resource Policy %s", aws.ToString(r.EvalResourceName), r.EvalResourceDecision, sources,
			r.EvalDecisionDetails["IAM Policy"], r.EvalDecisionDetails["Resource Policy"]))
	}
	wantNames(t, got,
		shared+" allowed [PolicyInputList.1 ResourcePolicy]: IAM Policy allowed, Resource Policy allowed",
		secret+" implicitDeny []: IAM Policy allowed, Resource Policy implicitDeny")
}

func testSimulateOrganization(t *testing.T, w *iamWorld) {
	everything := strings.Replace(allowAll, "s3:*", "*", 1)
	wantTold(t, ask(t, w.iam.SimulateCustomPolicy, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{allowAll}, ActionNames: []string{"s3:GetObject", "s3:PutObject"},
		OrderedOrganizationPolicyInputList: []types.OrderedOrganizationPolicyType{
			{ServiceControlPolicyInputList: []string{everything}}, {ServiceControlPolicyInputList: []string{allowGet}},
		},
	}).EvaluationResults,
		"s3:GetObject on *: allowed by PolicyInputList.1 "+onlyStatement(allowAll)+" organization: true",
		"s3:PutObject on *: implicitDeny organization: false")
}

func testSimulatePrincipalPolicy(t *testing.T, w *iamWorld) {
	user, group, arn := "simulated", "simulated-readers", w.arn("user/simulated")
	boundary := ask(t, w.iam.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("simulated-boundary"), PolicyDocument: new(allowAll)}).Policy.Arn
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: &user, PermissionsBoundary: boundary})
	ask(t, w.iam.CreateGroup, &iam.CreateGroupInput{GroupName: &group})
	ask(t, w.iam.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: &group, UserName: &user})
	ask(t, w.iam.PutGroupPolicy, &iam.PutGroupPolicyInput{GroupName: &group, PolicyName: new("read"), PolicyDocument: new(allowGet)})
	send := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:${aws:username}"}]}`
	ask(t, w.iam.PutUserPolicy, &iam.PutUserPolicyInput{UserName: &user, PolicyName: new("send"), PolicyDocument: &send})

	simulation := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &arn, ActionNames: []string{"s3:GetObject", "sqs:SendMessage"}, ResourceArns: []string{"*"}}
	wantTold(t, ask(t, w.iam.SimulatePrincipalPolicy, simulation).EvaluationResults,
		"s3:GetObject on *: allowed by group_simulated-readers_read "+onlyStatement(allowGet)+" bounded: true",
		"sqs:SendMessage on *: implicitDeny without aws:username bounded: false") // AWS too tells of keys that follow from the caller
	another := *simulation
	another.PermissionsBoundaryPolicyInputList, another.ResourceArns = []string{strings.Replace(allowAll, "s3:*", "sqs:*", 1)}, []string{"arn:aws:sqs:eu-west-1:" + w.account + ":simulated"}
	another.ActionNames = []string{"sqs:SendMessage"}
	wantTold(t, ask(t, w.iam.SimulatePrincipalPolicy, &another).EvaluationResults,
		"sqs:SendMessage on "+another.ResourceArns[0]+": allowed by user_simulated_send "+onlyStatement(send)+" bounded: true")
	wantNames(t, ask(t, w.iam.GetContextKeysForPrincipalPolicy, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: &arn}).ContextKeyNames, "aws:username")
	one := *simulation
	one.MaxItems = new(int32(1))
	wantPages(t, iam.NewSimulatePrincipalPolicyPaginator(w.iam, &one), func(page *iam.SimulatePrincipalPolicyOutput) []string {
		return namesOf(page.EvaluationResults, func(r types.EvaluationResult) *string { return r.EvalActionName })
	}, simulation.ActionNames...)

	nobody := w.arn("user/simulated-nobody")
	missing := *simulation
	missing.PolicySourceArn = &nobody
	refuse(t, w.iam.SimulatePrincipalPolicy, &missing, 404, "NoSuchEntity", "Unable to retrieve specified IAM entity.")
	refuse(t, w.iam.GetContextKeysForPrincipalPolicy, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: &nobody}, 404, "NoSuchEntity", "Unable to retrieve specified IAM entity.")
}

// testSimulationHolds asks for simulations as a user that may simulate itself only, and then does what was simulated.
func testSimulationHolds(t *testing.T, w *iamWorld) {
	self, other := w.arn("user/simulating"), w.arn("user/simulating-other")
	user := w.limited(t, "simulating", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:SimulatePrincipalPolicy","iam:GetUser"],"Resource":"`+w.arn("user/${aws:username}")+`"}]}`)
	ask(t, w.iam.CreateUser, &iam.CreateUserInput{UserName: new("simulating-other")})
	answer := ask(t, user.SimulatePrincipalPolicy, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &self, ActionNames: []string{"iam:GetUser", "iam:TagUser"}, ResourceArns: []string{self, other},
	}).EvaluationResults
	decisions := []string{}
	for _, r := range answer {
		for _, specific := range r.ResourceSpecificResults {
			decisions = append(decisions, aws.ToString(r.EvalActionName)+" "+aws.ToString(specific.EvalResourceName)+" "+string(specific.EvalResourceDecision))
		}
	}
	wantNames(t, decisions, "iam:GetUser "+self+" allowed", "iam:GetUser "+other+" implicitDeny", "iam:TagUser "+self+" implicitDeny", "iam:TagUser "+other+" implicitDeny")
	ask(t, user.GetUser, &iam.GetUserInput{UserName: new("simulating")})
	denied := "User: " + self + " is not authorized to perform: iam:%s on resource: %s because no identity-based policy allows the iam:%[1]s action"
	refuse(t, user.GetUser, &iam.GetUserInput{UserName: new("simulating-other")}, 403, "AccessDenied", fmt.Sprintf(denied, "GetUser", "user simulating-other"))
	refuse(t, user.SimulatePrincipalPolicy, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &other, ActionNames: []string{"iam:GetUser"}}, 403, "AccessDenied",
		fmt.Sprintf(denied, "SimulatePrincipalPolicy", other))
}
