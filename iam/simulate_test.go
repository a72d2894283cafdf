package iam_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// What the simulators are expected to answer was recorded from AWS in September 2026 (github.com/radkawar/stackd, testdata/aws/iam/simulation.json and
// simulation_inputs.json, whose cases the tests name) where nothing else is said. The order of matched statements is ours: AWS's differs between the
// lists of one answer.

// statements is a document without white space, as the recorded calls have them; each statement has Effect, Action and Resource in this order.
func statements(lines ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(lines, ",") + `]}`
}

// grants is a statement; more are further members.
func grants(effect, action, resource string, more ...string) string {
	return fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":%q%s}`, effect, action, resource, strings.Join(append([]string{""}, more...), ","))
}

// end is where AWS has the only statement of a document of statements begin and end.
func end(document string) string { return fmt.Sprintf("1:38-1:%d", len(document)-1) }

const (
	objectA = "arn:aws:s3:::simulation/a"
	objectB = "arn:aws:s3:::simulation/b"
)

var (
	allowsGet = statements(grants("Allow", "s3:GetObject", "*"))
	deniesGet = statements(grants("Deny", "s3:GetObject", "*"))
	allowsAll = statements(grants("Allow", "*", "*"))
)

// told is a simulation's answer on one line for each action and one more for each resource.
func told(page iam.Page[iam.SimulationResult]) string {
	var out strings.Builder
	for _, r := range page.Items {
		out.WriteString(r.Action + " " + tellVerdict(r.Verdict) + "\n")
		for _, v := range r.Resources {
			out.WriteString("  " + tellVerdict(v) + "\n")
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(out.String(), objectA, "A"), objectB, "B")
}

func tellVerdict(v iam.Verdict) string {
	text := fmt.Sprintf("%s %s", v.Resource, v.Effect)
	for _, m := range v.Matched {
		text += fmt.Sprintf(", %s %s-%s", m.SourcePolicyID, m.Start, m.End)
		if m.SourcePolicyType != "IAM Policy" {
			text += " of " + m.SourcePolicyType
		}
	}
	if len(v.Missing) > 0 {
		text += ", missing " + strings.Join(v.Missing, " ")
	}
	if v.AllowedByOrganizations != nil {
		text += fmt.Sprintf(", organizations %t", *v.AllowedByOrganizations)
	}
	if v.AllowedByBoundary != nil {
		text += fmt.Sprintf(", boundary %t", *v.AllowedByBoundary)
	}
	for _, kind := range slices.Sorted(maps.Keys(v.Details)) {
		text += fmt.Sprintf(", %s %s", kind, v.Details[kind])
	}
	return text
}

// simulated is a case of SimulateCustomPolicy, about s3:GetObject unless it says otherwise.
type simulated struct {
	name string
	in   iam.SimulateCustomPolicyInput
	want string
}

func (p *plane) simulate(cases []simulated) {
	p.t.Helper()
	for _, c := range cases {
		if c.in.ActionNames == nil {
			c.in.ActionNames = []string{"s3:GetObject"}
		}
		page, err := p.SimulateCustomPolicy(p.t.Context(), p.root, c.in)
		if err != nil {
			p.t.Errorf("%s: %v", c.name, err)
		} else if got, want := told(page), strings.TrimLeft(c.want, "\n"); got != want {
			p.t.Errorf("%s:\n%swant\n%s", c.name, got, want)
		}
	}
}

func custom(documents ...string) iam.SimulateCustomPolicyInput {
	return iam.SimulateCustomPolicyInput{PolicyInputList: documents}
}

// on, bounded, given and so on complete a simulation.
func on(in iam.SimulateCustomPolicyInput, resources ...string) iam.SimulateCustomPolicyInput {
	in.ResourceARNs = resources
	return in
}

func bounded(in iam.SimulateCustomPolicyInput, documents ...string) iam.SimulateCustomPolicyInput {
	in.PermissionsBoundaryPolicyInputList = documents
	return in
}

func entered(in iam.SimulateCustomPolicyInput, kind, name string, values ...string) iam.SimulateCustomPolicyInput {
	in.ContextEntries = append(slices.Clone(in.ContextEntries), iam.ContextEntry{ContextKeyName: name, ContextKeyType: kind, ContextKeyValues: values})
	return in
}

func asking(in iam.SimulateCustomPolicyInput, actions ...string) iam.SimulateCustomPolicyInput {
	in.ActionNames = actions
	return in
}

// TestSimulateCustomPolicy: decisions, the statements that they rest on with AWS's positions, and resources.
func TestSimulateCustomPolicy(t *testing.T) {
	p := newPlane(t)
	getA := statements(grants("Allow", "s3:GetObject", objectA))
	two := statements(grants("Allow", "s3:GetObject", "*", `"Sid":"First"`), grants("Allow", "s3:GetObject", "*", `"Sid":"Second"`))
	overruled := statements(grants("Allow", "s3:GetObject", "*", `"Sid":"Allow"`), grants("Deny", "s3:GetObject", "*", `"Sid":"Deny"`))
	const pretty = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"s3:GetObject\",\n      \"Resource\": \"*\",\n" +
		"      \"Sid\": \"First\"\n    },\n    {\n      \"Effect\": \"Deny\",\n      \"Action\": \"s3:PutObject\",\n      \"Resource\": \"*\",\n      \"Sid\": \"Second\"\n    }\n  ]\n}"
	const carriage = " \r\n{\r\n  \"Version\": \"2012-10-17\",\r\n  \"Statement\": [\r\n    {\r\n      \"Effect\": \"Allow\",\r\n      \"Action\": \"s3:GetObject\",\r\n      \"Resource\": \"*\"\r\n    }\r\n  ]\r\n}\r\n "
	p.simulate([]simulated{
		{"custom_default_resource", custom(allowsGet), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95\n"},
		{"custom_single_resource", on(custom(allowsGet), objectA), "s3:GetObject A Allowed, PolicyInputList.1 1:38-1:95\n  A Allowed, PolicyInputList.1 1:38-1:95\n"},
		// The name that AWS gives to several resources is the simulator's own; ours is the one that it gives where it has none.
		{"custom_two_resources_mixed", on(custom(getA), objectA, objectB), `
s3:GetObject * ImplicitlyDenied, PolicyInputList.1 ` + end(getA) + `
  A Allowed, PolicyInputList.1 ` + end(getA) + `
  B ImplicitlyDenied
`},
		{"custom_duplicate_resources", on(custom(allowsGet), objectA, objectA), `
s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95
  A Allowed, PolicyInputList.1 1:38-1:95
  A Allowed, PolicyInputList.1 1:38-1:95
`},
		{"custom_duplicate_actions", asking(custom(allowsGet), "s3:GetObject", "s3:GetObject", "s3:PutObject"), `
s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95
s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95
s3:PutObject * ImplicitlyDenied
`},
		{"custom_allow_two_statements", custom(two), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:109, PolicyInputList.1 1:109-1:182\n"},
		{"custom_deny_overrides_allow", custom(overruled), "s3:GetObject * ExplicitlyDenied, PolicyInputList.1 1:109-1:179\n"},
		{"custom_multiple_policies_allow", custom(allowsGet, allowsGet), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95, PolicyInputList.2 1:38-1:95\n"},
		{"custom_multiple_policies_deny", custom(allowsGet, deniesGet), "s3:GetObject * ExplicitlyDenied, PolicyInputList.2 1:38-1:94\n"},
		{"custom_pretty_positions", asking(custom(pretty), "s3:GetObject", "s3:PutObject"), `
s3:GetObject * Allowed, PolicyInputList.1 3:17-9:6
s3:PutObject * ExplicitlyDenied, PolicyInputList.1 9:6-15:6
`},
		{"custom_crlf_positions", custom(carriage), "s3:GetObject * Allowed, PolicyInputList.1 4:17-9:6\n"},
		{"custom_cr_only_positions", custom(strings.ReplaceAll(strings.Trim(carriage, " \r\n"), "\r\n", "\r")), "s3:GetObject * Allowed, PolicyInputList.1 3:17-8:6\n"},
		{"custom_singleton_statement", custom(`{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}`), "s3:GetObject * Allowed, PolicyInputList.1 1:16-1:77\n"},
		{"custom_latin1_positions", custom(`{"Id": "café", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`), "s3:GetObject * Allowed, PolicyInputList.1 1:30-1:92\n"},
		{"empty_policy_list", custom(), "s3:GetObject * ImplicitlyDenied\n"},
		// Actions are compared as they are written, whether they exist or not.
		{"action_wildcard", asking(custom(allowsGet), "s3:*"), "s3:* * ImplicitlyDenied\n"},
		{"action_allow_all_wildcard", asking(custom(allowsAll), "s3:*"), "s3:* * Allowed, PolicyInputList.1 1:38-1:84\n"},
		{"action_allow_all_unknown_service", asking(custom(allowsAll), "madeup:Action"), "madeup:Action * Allowed, PolicyInputList.1 1:38-1:84\n"},
		{"action_mixed_case", asking(custom(allowsGet), "S3:gEtObJeCt"), "S3:gEtObJeCt * Allowed, PolicyInputList.1 1:38-1:95\n"},
	})
}

// TestSimulateContext: which keys an answer misses, and what a simulation takes for keys of its own.
func TestSimulateContext(t *testing.T) {
	p := newPlane(t)
	conditional := func(effect, action, condition string) string {
		return statements(grants(effect, action, "*", `"Condition":`+condition))
	}
	const missing, caller = `{"StringEquals":{"stack:missing":"yes"}}`, "arn:aws:iam::" + account + ":user/simulation/alice"
	called := func(in iam.SimulateCustomPolicyInput) iam.SimulateCustomPolicyInput {
		in.CallerARN = caller
		return in
	}
	const denied = "s3:GetObject * ImplicitlyDenied"
	p.simulate([]simulated{
		{"missing_relevant", on(custom(conditional("Allow", "s3:GetObject", missing)), objectA), `
s3:GetObject A ImplicitlyDenied, missing stack:missing
  A ImplicitlyDenied, missing stack:missing
`},
		{"missing_irrelevant_action", custom(conditional("Allow", "s3:PutObject", missing)), denied + ", missing stack:missing\n"},
		{"missing_with_other_allow_relevant", custom(allowsGet, conditional("Allow", "s3:GetObject", missing)), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95\n"},
		{"missing_with_unconditional_deny", custom(deniesGet, conditional("Allow", "s3:GetObject", missing)), "s3:GetObject * ExplicitlyDenied, PolicyInputList.1 1:38-1:94\n"},
		{"missing_irrelevant_operator_Null", custom(conditional("Allow", "s3:PutObject", `{"Null":{"stack:missing":"true"}}`)), denied + ", missing stack:missing\n"},
		{"missing_resource_variable", custom(statements(grants("Allow", "s3:GetObject", "arn:aws:s3:::simulation/${aws:username}"))), denied + ", missing aws:username\n"},
		{"missing_variable_default_condition", entered(custom(conditional("Allow", "s3:GetObject", `{"StringEquals":{"stack:present":"${stack:key, 'different'}"}}`)),
			"string", "stack:present", "observed"), denied + ", missing stack:key\n"},
		{"boundary_missing_context", bounded(custom(allowsGet), conditional("Allow", "s3:GetObject", `{"StringEquals":{"stack:boundary":"yes"}}`)),
			denied + ", missing stack:boundary, boundary false\n"},
		{"context_boolean_used_TRUE", entered(custom(conditional("Allow", "s3:GetObject", `{"Bool":{"stack:bool":"true"}}`)), "boolean", "stack:bool", "TRUE"),
			"s3:GetObject * Allowed, PolicyInputList.1 1:38-1:138\n"},
		{"context_boolean_used_yes", entered(custom(conditional("Allow", "s3:GetObject", `{"Bool":{"stack:bool":"true"}}`)), "boolean", "STACK:bool", "yes"), denied + "\n"},
		// A list is a list, whatever it holds (IAM User Guide, "Multivalued context keys").
		{"a list", entered(custom(conditional("Allow", "s3:GetObject", `{"ForAnyValue:StringEquals":{"stack:list":"b"}}`)), "stringList", "stack:list", "a", "b"),
			"s3:GetObject * Allowed, PolicyInputList.1 1:38-1:155\n"},
		{"a list of one", entered(custom(conditional("Allow", "s3:GetObject", `{"StringEquals":{"stack:list":"b"}}`)), "stringList", "stack:list", "b"), denied + "\n"},
		{"composition_custom_auto_username", called(custom(conditional("Allow", "s3:GetObject", `{"StringEquals":{"aws:username":"alice"}}`))),
			"s3:GetObject * Allowed, PolicyInputList.1 1:38-1:149\n"},
		{"composition_custom_auto_principal_arn", called(custom(conditional("Allow", "s3:GetObject", `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/simulation/*"}}`))),
			"s3:GetObject * Allowed, PolicyInputList.1 1:38-1:177\n"},
		{"composition_custom_auto_override", entered(called(custom(conditional("Allow", "s3:GetObject", `{"StringEquals":{"aws:username":"override"}}`))),
			"string", "aws:username", "override"), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:152\n"},
		{"composition_no_caller_value_account_authenticated", custom(conditional("Allow", "s3:GetObject", `{"StringEquals":{"aws:PrincipalAccount":"`+account+`"}}`)),
			"s3:GetObject * Allowed, PolicyInputList.1 1:38-1:164\n"},
		// What follows from the caller is missing too where it is not what the policy asks for.
		{"composition_no_caller_value_account_zero", custom(conditional("Allow", "s3:GetObject", `{"StringEquals":{"aws:PrincipalAccount":"000000000000"}}`)),
			denied + ", missing aws:PrincipalAccount\n"},
	})
}

// TestSimulateLayers: boundaries, organizations and policies of resources.
func TestSimulateLayers(t *testing.T) {
	p := newPlane(t)
	const alice = "arn:aws:iam::" + account + ":user/alice"
	allowsPut := statements(grants("Allow", "s3:PutObject", "*"))
	bucket := func(principal string) string {
		return statements(grants("Allow", "s3:GetObject", "arn:aws:s3:::simulation/*", `"Principal":{"AWS":"`+principal+`"}`))
	}
	resourced := func(in iam.SimulateCustomPolicyInput, document, owner string) iam.SimulateCustomPolicyInput {
		in.ResourcePolicy, in.CallerARN, in.ResourceARNs, in.ResourceOwner = document, alice, []string{objectA}, owner
		return in
	}
	levels := func(in iam.SimulateCustomPolicyInput, levels ...[]string) iam.SimulateCustomPolicyInput {
		in.OrderedOrganizationPolicyInputList = levels
		return in
	}
	const other = "arn:aws:iam::" + otherAccount + ":root"
	named, account := bucket(alice), bucket("arn:aws:iam::"+account+":root")
	p.simulate([]simulated{
		{"boundary_allow", bounded(custom(allowsGet), allowsGet), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95, boundary true\n"},
		{"boundary_implicit", on(bounded(custom(allowsGet), allowsPut), objectA), `
s3:GetObject A ImplicitlyDenied, boundary false
  A ImplicitlyDenied, boundary false
`},
		{"boundary_deny", bounded(custom(allowsGet), deniesGet),
			"s3:GetObject * ExplicitlyDenied, PermissionsBoundaryPolicyInputList.1 1:38-1:94 of Permissions Boundary Policy, boundary false\n"},
		{"boundary_deny_over_identity_deny", bounded(custom(deniesGet), deniesGet), "s3:GetObject * ExplicitlyDenied, PolicyInputList.1 1:38-1:94, " +
			"PermissionsBoundaryPolicyInputList.1 1:38-1:94 of Permissions Boundary Policy, boundary false\n"},

		{"organizations_allow", levels(custom(allowsGet), []string{allowsAll}, []string{allowsAll}), "s3:GetObject * Allowed, PolicyInputList.1 1:38-1:95, organizations true\n"},
		{"organizations_deny", levels(custom(allowsGet), []string{allowsAll}, []string{deniesGet}), "s3:GetObject * ExplicitlyDenied, organizations false\n"},
		{"organizations_implicit", levels(custom(allowsGet), []string{allowsAll}, []string{allowsPut}), "s3:GetObject * ImplicitlyDenied, organizations false\n"},
		{"organizations_union_within_level", levels(custom(allowsGet), []string{deniesGet, allowsAll}, []string{allowsAll}), "s3:GetObject * ExplicitlyDenied, organizations false\n"},

		{"composition_same_direct_no_identity", resourced(custom(), named, ""), `
s3:GetObject A Allowed, ResourcePolicy ` + end(named) + ` of Resource Policy
  A Allowed, ResourcePolicy ` + end(named) + ` of Resource Policy
`},
		{"composition_same_direct_identity", resourced(custom(allowsGet), named, ""), `
s3:GetObject A Allowed, PolicyInputList.1 1:38-1:95, ResourcePolicy ` + end(named) + ` of Resource Policy
  A Allowed, PolicyInputList.1 1:38-1:95, ResourcePolicy ` + end(named) + ` of Resource Policy
`},
		{"composition_same_direct_boundary_implicit", resourced(bounded(custom(), allowsPut), named, ""), `
s3:GetObject A Allowed, ResourcePolicy ` + end(named) + ` of Resource Policy, boundary false
  A Allowed, ResourcePolicy ` + end(named) + ` of Resource Policy, boundary false
`},
		// AWS's simulator was recorded to allow this (composition_same_root_no_identity). AWS itself does not: an account that a resource's policy
		// names only delegates (IAM User Guide, "AWS JSON policy elements: Principal").
		{"delegation alone", resourced(custom(), account, ""), "s3:GetObject A ImplicitlyDenied\n  A ImplicitlyDenied\n"},
		{"composition_same_root_identity", resourced(custom(allowsGet), account, ""), `
s3:GetObject A Allowed, PolicyInputList.1 1:38-1:95, ResourcePolicy ` + end(account) + ` of Resource Policy
  A Allowed, PolicyInputList.1 1:38-1:95, ResourcePolicy ` + end(account) + ` of Resource Policy
`},
		{"composition_cross_no_identity", resourced(custom(), named, other), `
s3:GetObject A ImplicitlyDenied, IAM Policy ImplicitlyDenied, Resource Policy Allowed
  A ImplicitlyDenied, IAM Policy ImplicitlyDenied, Resource Policy Allowed
`},
		{"composition_cross_boundary_implicit", resourced(bounded(custom(allowsGet), allowsPut), named, other), `
s3:GetObject A ImplicitlyDenied, boundary false, IAM Policy Allowed, Permissions Boundary Policy ImplicitlyDenied, Resource Policy Allowed
  A ImplicitlyDenied, boundary false, IAM Policy Allowed, Permissions Boundary Policy ImplicitlyDenied, Resource Policy Allowed
`},
		{"composition_cross_identity", resourced(custom(allowsGet), named, other), `
s3:GetObject A Allowed, PolicyInputList.1 1:38-1:95, ResourcePolicy ` + end(named) + ` of Resource Policy, IAM Policy Allowed, Resource Policy Allowed
  A Allowed, PolicyInputList.1 1:38-1:95, ResourcePolicy ` + end(named) + ` of Resource Policy, IAM Policy Allowed, Resource Policy Allowed
`},
		{"composition_resource_scp_deny", levels(resourced(custom(allowsGet), named, ""), []string{deniesGet}), `
s3:GetObject A ExplicitlyDenied, organizations false
  A ExplicitlyDenied, organizations false
`},
	})
}

// TestSimulateWithoutResourcePolicy: where the policy of a role, a key or another account's resource is not given, the caller's own decide, as in
// AWS's simulator ("input_resources_known_iam_roles"). A trust policy that is given decides as it does on AWS, whose simulator takes it and leaves it
// out (aws-cli issue 10314).
func TestSimulateWithoutResourcePolicy(t *testing.T) {
	p := newPlane(t)
	const role, key = "arn:aws:iam::" + account + ":role/one", "arn:aws:kms:eu-central-1:" + otherAccount + ":key/1"
	all := on(custom(allowsAll), role)
	all.CallerARN = "arn:aws:iam::" + account + ":user/alice"
	trusting := func(effect string) iam.SimulateCustomPolicyInput {
		in := asking(all, "sts:AssumeRole")
		in.ResourcePolicy = `{"Statement":[{"Effect":"` + effect + `","Principal":{"AWS":"` + in.CallerARN + `"},"Action":"sts:AssumeRole"}]}`
		return in
	}
	const granted = "Allowed, PolicyInputList.1 1:38-1:84"
	p.simulate([]simulated{
		{"a role", asking(all, "sts:AssumeRole"), "sts:AssumeRole " + role + " " + granted + "\n  " + role + " " + granted + "\n"},
		{"a role that nothing allows", asking(on(custom(), role), "sts:AssumeRole"), "sts:AssumeRole " + role + " ImplicitlyDenied\n  " + role + " ImplicitlyDenied\n"},
		{"another account's key", asking(on(custom(allowsAll), key), "kms:Encrypt"), "kms:Encrypt " + key + " " + granted + "\n  " + key + " " + granted + "\n"},
		{"a trust policy that denies", trusting("Deny"), `
sts:AssumeRole ` + role + ` ExplicitlyDenied, ResourcePolicy 1:15-1:` + fmt.Sprint(len(trusting("Deny").ResourcePolicy)-1) + ` of Resource Policy
  ` + role + ` ExplicitlyDenied, ResourcePolicy 1:15-1:` + fmt.Sprint(len(trusting("Deny").ResourcePolicy)-1) + ` of Resource Policy
`},
	})
}

// TestSimulateResourceTypes: what the Service Authorization Reference says an action is about bounds what it can be allowed on, as AWS's simulator
// was recorded to bound it (resource_wrong_type, input_resources_known_s3_objects, input_resources_known_iam_roles).
func TestSimulateResourceTypes(t *testing.T) {
	p := newPlane(t)
	d := must(iam.New(t.Context(), iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: account, Actions: reference{}}))
	t.Cleanup(func() { done(t, d.Close()) })
	for _, c := range []struct {
		action, resource string
		want             policy.Effect
	}{
		{"s3:GetObject", objectA, policy.Allowed}, {"s3:GetObject", "arn:aws:s3:::name", policy.Allowed}, {"S3:getobject", "*", policy.Allowed},
		{"s3:GetObject", "arn:aws:iam::" + account + ":user/fictional", policy.ImplicitlyDenied},
		{"s3:ListAllMyBuckets", objectA, policy.ImplicitlyDenied}, {"s3:ListAllMyBuckets", "*", policy.Allowed},
		{"iam:GetUser", "arn:aws:iam::" + account + ":role/one", policy.ImplicitlyDenied}, {"iam:GetUser", "arn:aws:iam::" + account + ":user/one", policy.Allowed},
		{"iam:GetUser", "arn:aws:iam::" + account + ":*", policy.Allowed}, {"iam:GetUser", "arn:aws:iam::" + account + ":role/*", policy.ImplicitlyDenied}, // ours
		{"madeup:Action", objectA, policy.Allowed},
	} {
		in := on(asking(custom(allowsAll), c.action), c.resource)
		page := must(d.SimulateCustomPolicy(t.Context(), p.root, in))
		if got := page.Items[0].Effect; got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.action, c.resource, got, c.want)
		}
	}
}

// reference is a part of the Service Authorization Reference.
type reference struct{}

func (reference) Actions(string) []policy.ActionEntry { return nil }

func (reference) Key(string) (policy.KeyEntry, bool) { return policy.KeyEntry{}, false }

func (reference) Action(name string) (policy.ActionEntry, bool) {
	forms, ok := map[string][]string{
		"s3:getobject": {"arn:${Partition}:s3:::${BucketName}/${ObjectName}"}, "s3:listallmybuckets": {},
		"iam:getuser": {"arn:${Partition}:iam::${Account}:user/${UserNameWithPath}"},
	}[strings.ToLower(name)]
	entry := policy.ActionEntry{Name: name}
	if len(forms) > 0 {
		entry.ResourceTypes = []policy.ResourceUse{{Type: policy.ResourceType{ARNs: forms}}}
	}
	return entry, ok
}
