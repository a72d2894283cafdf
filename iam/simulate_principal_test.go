package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

const managedSource = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"s3:DeleteObject\",\n      \"Resource\": \"*\"\n    }\n  ]\n}"

// simulationWorld has the entities of the recorded calls: a user in a group and a role, each with an inline policy, all with one managed policy.
func simulationWorld(t *testing.T) (p *plane, managed, boundary string) {
	p = newPlane(t)
	ctx := t.Context()
	must(p.CreateUser(ctx, p.root, iam.CreateUserInput{UserName: "alice", Path: "/simulation/"}))
	must(p.CreateGroup(ctx, p.root, iam.CreateGroupInput{GroupName: "people", Path: "/simulation/"}))
	must(p.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: "node", Path: "/simulation/", AssumeRolePolicyDocument: trustAnyone}))
	managed = must(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "managed", PolicyDocument: managedSource})).ARN
	boundary = must(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "boundary", PolicyDocument: statements(
		`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"*"}`)})).ARN
	for _, owner := range []struct {
		name   iam.IdentityName
		inline string
		source string
	}{
		{iam.OfUser("alice"), "UserInline", statements(grants("Allow", "s3:GetObject", objectA))},
		{iam.OfGroup("people"), "GroupInline", statements(grants("Allow", "s3:PutObject", objectB))},
		{iam.OfRole("node"), "RoleInline", allowsGet},
	} {
		done(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: owner.name, PolicyName: owner.inline, PolicyDocument: owner.source}))
		done(t, p.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: owner.name, PolicyARN: managed}))
	}
	done(t, p.AddUserToGroup(ctx, p.root, iam.MembershipInput{GroupName: "people", UserName: "alice"}))
	return p, managed, boundary
}

func ofSource(word string) iam.SimulatePrincipalPolicyInput {
	return iam.SimulatePrincipalPolicyInput{PolicySourceARN: "arn:aws:iam::" + account + ":" + word, SimulationInput: iam.SimulationInput{
		ActionNames: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, ResourceARNs: []string{objectA, objectB},
	}}
}

// TestSimulatePrincipalPolicy: whose policies count and what answers call them (principal_… of the recorded cases). AWS tells of organizations in these
// answers because the account is in one; a plane's accounts are not.
func TestSimulatePrincipalPolicy(t *testing.T) {
	p, _, boundary := simulationWorld(t)
	getA, putB := end(statements(grants("Allow", "s3:GetObject", objectA))), end(statements(grants("Allow", "s3:PutObject", objectB)))
	userSources := `
s3:GetObject * ImplicitlyDenied, user_alice_UserInline ` + getA + `
  A Allowed, user_alice_UserInline ` + getA + `
  B ImplicitlyDenied
s3:PutObject * ImplicitlyDenied, group_people_GroupInline ` + putB + `
  A ImplicitlyDenied
  B Allowed, group_people_GroupInline ` + putB + `
s3:DeleteObject * Allowed, managed 3:17-8:6
  A Allowed, managed 3:17-8:6
  B Allowed, managed 3:17-8:6
`
	check := func(name string, in iam.SimulatePrincipalPolicyInput, want string) {
		t.Helper()
		page, err := p.SimulatePrincipalPolicy(t.Context(), p.root, in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got, want := told(page), strings.TrimLeft(want, "\n"); got != want {
			t.Errorf("%s:\n%swant\n%s", name, got, want)
		}
	}
	check("principal_user_sources", ofSource("user/simulation/alice"), userSources)
	check("principal_user_wrong_path", ofSource("user/wrong-path/alice"), userSources)
	check("principal_group_sources", ofSource("group/simulation/people"), `
s3:GetObject * ImplicitlyDenied
  A ImplicitlyDenied
  B ImplicitlyDenied
s3:PutObject * ImplicitlyDenied, group_people_GroupInline `+putB+`
  A ImplicitlyDenied
  B Allowed, group_people_GroupInline `+putB+`
s3:DeleteObject * Allowed, managed 3:17-8:6
  A Allowed, managed 3:17-8:6
  B Allowed, managed 3:17-8:6
`)
	role := ofSource("role/simulation/node")
	role.ActionNames = role.ActionNames[:2]
	check("principal_role_sources", role, `
s3:GetObject * Allowed, role_node_RoleInline 1:38-1:95
  A Allowed, role_node_RoleInline 1:38-1:95
  B Allowed, role_node_RoleInline 1:38-1:95
s3:PutObject * ImplicitlyDenied
  A ImplicitlyDenied
  B ImplicitlyDenied
`)
	more := ofSource("user/simulation/alice")
	more.ActionNames, more.ResourceARNs, more.PolicyInputList = more.ActionNames[:1], more.ResourceARNs[:1], []string{allowsAll}
	check("principal_additional_policy", more, `
s3:GetObject A Allowed, user_alice_UserInline `+getA+`, PolicyInputList.1 1:38-1:84
  A Allowed, user_alice_UserInline `+getA+`, PolicyInputList.1 1:38-1:84
`)
	named := ofSource("user/simulation/alice")
	named.ActionNames, named.ResourceARNs = named.ActionNames[:1], nil
	named.PolicyInputList = []string{statements(grants("Allow", "s3:GetObject", "*", `"Condition":{"StringEquals":{"aws:username":"alice"}}`))}
	check("composition_principal_auto_username", named, "s3:GetObject * Allowed, PolicyInputList.1 "+end(named.PolicyInputList[0])+"\n")

	done(t, p.PutPermissionsBoundary(t.Context(), p.root, iam.BoundaryInput{IdentityName: iam.OfUser("alice"), PermissionsBoundary: boundary}))
	bound := ofSource("user/simulation/alice")
	bound.ActionNames, bound.ResourceARNs = bound.ActionNames[2:], nil
	check("principal_attached_boundary", bound, "s3:DeleteObject * ImplicitlyDenied, boundary false\n")
	bound.PermissionsBoundaryPolicyInputList = []string{managedSource}
	check("principal_replacement_boundary", bound, "s3:DeleteObject * Allowed, managed 3:17-8:6, boundary true\n")
}

// TestContextKeys: the keys of policies that come with the call, and of a principal's: its own, its groups' and its boundary.
func TestContextKeys(t *testing.T) {
	p, _, _ := simulationWorld(t)
	ctx := t.Context()
	asks := func(key string) string {
		return statements(grants("Allow", "s3:ListBucket", "*", `"Condition":{"StringEquals":{"`+key+`":"x"}}`))
	}
	custom := must(p.GetContextKeysForCustomPolicy(ctx, p.root, iam.ContextKeysForCustomPolicyInput{PolicyInputList: []string{asks("s3:prefix"), asks("aws:username"), asks("s3:prefix")}}))
	if want := []string{"s3:prefix", "aws:username"}; !slices.Equal(custom, want) {
		t.Errorf("keys are %q, want %q", custom, want)
	}
	boundary := must(p.CreatePolicy(ctx, p.root, iam.CreatePolicyInput{PolicyName: "bound", PolicyDocument: asks("aws:SourceIp")})).ARN
	done(t, p.PutPermissionsBoundary(ctx, p.root, iam.BoundaryInput{IdentityName: iam.OfUser("alice"), PermissionsBoundary: boundary}))
	for owner, key := range map[iam.IdentityName]string{iam.OfUser("alice"): "aws:userid", iam.OfGroup("people"): "s3:delimiter"} {
		done(t, p.PutPolicy(ctx, p.root, iam.PutPolicyInput{IdentityName: owner, PolicyName: "more", PolicyDocument: asks(key)}))
	}
	principal := must(p.GetContextKeysForPrincipalPolicy(ctx, p.root, iam.ContextKeysForPrincipalPolicyInput{
		PolicySourceARN: "arn:aws:iam::" + account + ":user/simulation/alice", PolicyInputList: []string{asks("s3:prefix")},
	}))
	if want := []string{"aws:userid", "s3:delimiter", "aws:SourceIp", "s3:prefix"}; !slices.Equal(principal, want) {
		t.Errorf("keys are %q, want %q", principal, want)
	}
}

// TestSimulatePages: a page's items are actions, and a marker counts them whatever else the next call says (pagination_… of the recorded cases).
func TestSimulatePages(t *testing.T) {
	p := newPlane(t)
	in := asking(custom(allowsAll), "s3:PutObject", "iam:GetUser", "s3:GetObject")
	in.MaxItems = new(1)
	first := must(p.SimulateCustomPolicy(t.Context(), p.root, in))
	if len(first.Items) != 1 || first.Items[0].Action != "s3:PutObject" || !first.IsTruncated || first.Marker == "" {
		t.Fatalf("the first page is %+v", first)
	}
	in.Marker, in.MaxItems = first.Marker, new(2)
	second := must(p.SimulateCustomPolicy(t.Context(), p.root, in))
	if len(second.Items) != 2 || second.Items[0].Action != "iam:GetUser" || second.IsTruncated || second.Marker != "" {
		t.Errorf("the second page is %+v", second)
	}
	in.ActionNames = []string{"s3:DeleteObject"}
	if past := must(p.SimulateCustomPolicy(t.Context(), p.root, in)); len(past.Items) != 0 || past.IsTruncated {
		t.Errorf("past the end there is %+v", past)
	}
}

// TestSimulateBounds: what would make an answer too large ends its page early or, if one action alone does, is refused.
func TestSimulateBounds(t *testing.T) {
	p := newPlane(t)
	one := grants("Allow", "*", "*")
	many := statements(slices.Repeat([]string{one}, 2500)...)
	resources := func(count int) (arns []string) {
		for i := range count {
			arns = append(arns, fmt.Sprint("arn:aws:s3:::b/", i))
		}
		return arns
	}
	page := must(p.SimulateCustomPolicy(t.Context(), p.root, on(asking(custom(many), slices.Repeat([]string{"s3:GetObject"}, 20)...), resources(3)...)))
	if len(page.Items) != 2 || !page.IsTruncated { // an action has 2,500 for each resource and as many in its own list
		t.Errorf("a page has %d actions, truncated %t", len(page.Items), page.IsTruncated)
	}
	_, err := p.SimulateCustomPolicy(t.Context(), p.root, on(asking(custom(many), "s3:GetObject"), resources(9)...))
	expect(t, err, "InvalidInput", "The answer about s3:GetObject would name more than 20000 statements and condition keys.")
	keys := make([]string, 2500)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k:%d":"x"`, i)
	}
	asking := asking(custom(statements(grants("Allow", "*", "*", `"Condition":{"StringEquals":{`+strings.Join(keys, ",")+"}}"))), "s3:GetObject")
	_, err = p.SimulateCustomPolicy(t.Context(), p.root, on(asking, resources(9)...))
	expect(t, err, "InvalidInput", "The answer about s3:GetObject would name more than 20000 statements and condition keys.")
}

// TestSimulateRefusals: the sentences are AWS's as recorded, but for those about documents other than PolicyInputList's, which are not known.
func TestSimulateRefusals(t *testing.T) {
	p, _, _ := simulationWorld(t)
	type in = iam.SimulateCustomPolicyInput
	change := func(in in, change func(*in)) in { change(&in); return in }
	get := asking(custom(allowsGet), "s3:GetObject")
	const alice = "arn:aws:iam::" + account + ":user/alice"
	const bucket = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Principal":{"AWS":"*"}}]}`
	resourced := change(on(get, objectA), func(c *in) { c.ResourcePolicy, c.CallerARN = bucket, alice })
	for name, c := range map[string]struct {
		in            in
		code, message string
	}{
		"invalid_two_boundaries": {bounded(get, allowsGet, allowsGet), "InvalidInput", "The list of Permissions Boundary policies cannot exceed 1 items."},
		"action_no_colon":        {asking(get, "GetObject"), "InvalidInput", "The action is invalid since it is missing names"},
		"resource_not_arn":       {on(get, "not-an-arn"), "InvalidInput", "ResourceNames are not in a valid ARN format: not-an-arn."},
		"resource_partial_arn":   {on(get, "arn:aws:s3"), "InvalidInput", "ResourceNames are not in a valid ARN format: arn:aws:s3."},
		"an ARN beside *":        {on(get, objectA, "*"), "InvalidInput", "ResourceNames are not in a valid ARN format: *."},
		"context_two_scalar":     {entered(get, "string", "stack:test", "a", "b"), "InvalidInput", "Context key string expected a single value, but received 2."},
		"context_numeric_bad":    {entered(get, "numeric", "stack:test", "abc"), "InvalidInput", "Invalid context value for key stack:test: expected numeric format."},
		"context_date_bad":       {entered(get, "dateList", "stack:test", "2035", "tomorrow"), "InvalidInput", "Invalid context value for key stack:test: expected DateTime format."},
		"context_ip_bad":         {entered(get, "ip", "stack:test", "999.0.0.1"), "InvalidInput", "Invalid context value for key stack:test: expected IP address."},
		"context_binary_bad":     {entered(get, "binary", "stack:test", "!base64"), "InvalidInput", "Invalid context value for key stack:test: expected base-64 encoded binary format."},
		"context_bad_type": {entered(get, "unknown", "stack:test", "a"), "ValidationError", "1 validation error detected: Value at 'contextEntries.1.member.contextKeyType' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [binary, ipList, booleanList, ip, boolean, numericList, dateList, numeric, date, stringList, string, binaryList]"},
		"context_duplicate_case":      {entered(entered(get, "string", "stack:test", "a"), "string", "STACK:TEST", "b"), "InvalidInput", "Duplicate context key: STACK:TEST."},
		"input_context_absent_type":   {entered(get, "", "stack:key", "yes"), "InvalidInput", "Context key stack:key has invalid type null."},
		"input_context_absent_values": {entered(get, "string", "stack:key"), "InvalidInput", "Context values for context key stack:key cannot be null or empty."},
		"input_context_absent_name":   {entered(get, "string", "", "yes"), "InvalidInput", "ContextKeyName cannot be null or empty."},
		"invalid_marker":              {change(get, func(c *in) { c.Marker = "not-a-simulation-marker" }), "InvalidInput", "Invalid marker for pagination."},
		"maxitems_too_large": {change(get, func(c *in) { c.MaxItems = new(1001) }), "ValidationError",
			"1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		"invalid_policy_json":    {asking(custom(allowsGet, "{"), "s3:GetObject"), "InvalidInput", "Policy input list item 2 has invalid content"},
		"invalid_policy_version": {asking(custom(`{"Version":"2099-01-01","Statement":[]}`), "s3:GetObject"), "InvalidInput", "Policy input list item 1 has invalid content"},
		"a boundary that is none": {bounded(get, `{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`), "InvalidInput",
			"Permissions boundary policy input list item 1 has invalid content"},
		"organizations_empty_level": {change(get, func(c *in) { c.OrderedOrganizationPolicyInputList = [][]string{{}} }), "InvalidInput",
			"Organization policy at index 1 must contain at least one service control policy"},
		"an organization's policy that is none": {change(get, func(c *in) { c.OrderedOrganizationPolicyInputList = [][]string{{allowsAll}, {"{}"}} }), "InvalidInput",
			"Organization policy at index 2 has invalid content"},
		"resource_policy_missing_caller": {change(resourced, func(c *in) { c.CallerARN = "" }), "InvalidInput", "Invalid caller - Caller cannot be null or empty."},
		"resource_policy_caller_root": {change(resourced, func(c *in) { c.CallerARN = "arn:aws:iam::" + account + ":root" }), "InvalidInput",
			"Invalid caller - Caller must be an IAM user, role or group in this context."},
		"resource_policy_caller_assumed_role": {change(resourced, func(c *in) { c.CallerARN = "arn:aws:sts::" + account + ":assumed-role/r/s" }), "InvalidInput",
			"Invalid caller - Caller must be an IAM user, role or group in this context."},
		"resource_policy_owner_invalid": {change(resourced, func(c *in) { c.ResourceOwner = "999999999999" }), "InvalidInput", "'999999999999' is not a valid as a Resource Owner."},
		"composition_resource_wildcard_invalid": {change(resourced, func(c *in) { c.ResourcePolicy = strings.Replace(bucket, "arn:aws:s3:::b/*", "*", 1) }), "InvalidInput",
			"ResourceNames are not in a valid ARN format: *."},
		"a resource policy of no resource": {change(resourced, func(c *in) { c.ResourceARNs = nil }), "InvalidInput", "Invalid Entity Arn: * does not clearly define entity type and name."},
		"a resource policy that is none":   {change(resourced, func(c *in) { c.ResourcePolicy = allowsGet[:40] }), "InvalidInput", "Resource policy has invalid content"},
		"resource_handling_other_action": {change(on(get, objectA), func(c *in) { c.ResourceHandlingOption = "EC2-VPC-EBS" }), "InvalidInput",
			"Invalid input resource handling options. Action does not support resource handling options: s3:GetObject. " +
				"Please refer to the documentation for more details: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html"},
		"no action": {asking(get), "ValidationError", "1 validation error detected: Value at 'actionNames' failed to satisfy constraint: Member must not be null"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.SimulateCustomPolicy(t.Context(), p.root, c.in)
			expect(t, err, c.code, c.message)
		})
	}
	for arn, want := range map[string][2]string{
		"arn:aws:iam::" + account + ":user/simulation/missing":    {"NoSuchEntity", "Unable to retrieve specified IAM entity."},
		"arn:aws:iam::" + otherAccount + ":user/simulation/alice": {"InvalidInput", "Invalid Policy Source Arn: caller's account " + account + " does not have access to policies in account " + otherAccount + "."},
		"arn:aws:iam::" + account + ":root":                       {"InvalidInput", "Invalid ARN provided in the request: arn:aws:iam::" + account + ":root"},
		"arn:aws:sts::" + account + ":assumed-role/node/session":  {"InvalidInput", "Invalid ARN provided in the request: arn:aws:sts::" + account + ":assumed-role/node/session"},
		"not-an-arn-but-long-enough":                              {"InvalidInput", "Invalid ARN provided in the request: not-an-arn-but-long-enough"},
	} {
		in := ofSource("")
		in.PolicySourceARN = arn
		_, err := p.SimulatePrincipalPolicy(t.Context(), p.root, in)
		expect(t, err, want[0], want[1])
		_, err = p.GetContextKeysForPrincipalPolicy(t.Context(), p.root, iam.ContextKeysForPrincipalPolicyInput{PolicySourceARN: arn})
		expect(t, err, want[0], want[1])
	}
}

// TestSimulateHandling: the scenarios of EC2 are taken as AWS was recorded to take them (resource_handling_…): whatever the resources, and any text
// where there are none.
func TestSimulateHandling(t *testing.T) {
	p := newPlane(t)
	in := on(asking(custom(allowsAll), "ec2:RunInstances"), "arn:aws:ec2:us-east-1:"+account+":instance/i-0123456789abcdef0")
	in.ResourceHandlingOption = "EC2-VPC-InstanceStore-Subnet"
	fictional := asking(custom(allowsAll), "s3:GetObject")
	fictional.ResourceHandlingOption = "fictional"
	for _, in := range []iam.SimulateCustomPolicyInput{in, fictional} {
		if page := must(p.SimulateCustomPolicy(t.Context(), p.root, in)); len(page.Items) != 1 || page.Items[0].Effect.String() != "Allowed" {
			t.Errorf("%s: %+v", in.ResourceHandlingOption, page)
		}
	}
}

// TestSimulateAuthorization: the calls without a resource need "*", the others the entity (Service Authorization Reference, IAM), under the ARN that it
// has: another path does not reach it.
func TestSimulateAuthorization(t *testing.T) {
	p, _, _ := simulationWorld(t)
	const alice = "arn:aws:iam::" + account + ":user/simulation/alice"
	as := func(resource string, actions ...string) iam.Caller {
		return limited(t, "8f14e45f", statements(fmt.Sprintf(`{"Effect":"Allow","Action":["%s"],"Resource":"%s"}`, strings.Join(actions, `","`), resource)))
	}
	of := func(arn string) iam.SimulatePrincipalPolicyInput {
		in := ofSource("")
		in.PolicySourceARN = arn
		return in
	}
	simulateCustom := func(c iam.Caller) error {
		return second(p.SimulateCustomPolicy(t.Context(), c, asking(custom(allowsGet), "s3:GetObject")))
	}
	simulatePrincipal := func(c iam.Caller, arn string) error {
		return second(p.SimulatePrincipalPolicy(t.Context(), c, of(arn)))
	}
	done(t, simulateCustom(as("*", "iam:SimulateCustomPolicy")))
	done(t, simulatePrincipal(as(alice, "iam:SimulatePrincipalPolicy"), alice))
	done(t, second(p.GetContextKeysForPrincipalPolicy(t.Context(), as(alice, "iam:GetContextKeysForPrincipalPolicy"), iam.ContextKeysForPrincipalPolicyInput{PolicySourceARN: alice})))
	done(t, second(p.GetContextKeysForCustomPolicy(t.Context(), as("*", "iam:GetContextKeysForCustomPolicy"), iam.ContextKeysForCustomPolicyInput{})))
	denied := func(err error, action, resource string) {
		t.Helper()
		expect(t, err, "AccessDenied", "User: arn:aws:iam::"+account+":user/dev is not authorized to perform: iam:"+action+" on resource: "+resource+
			" because no identity-based policy allows the iam:"+action+" action")
	}
	denied(simulateCustom(as(alice, "iam:*")), "SimulateCustomPolicy", "*")
	denied(simulatePrincipal(as("*", "iam:SimulateCustomPolicy"), alice), "SimulatePrincipalPolicy", alice)
	open := as("arn:aws:iam::"+account+":user/open/*", "iam:SimulatePrincipalPolicy")
	denied(simulatePrincipal(open, "arn:aws:iam::"+account+":user/open/alice"), "SimulatePrincipalPolicy", alice)
}
