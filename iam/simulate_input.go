package iam

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// SimulateCustomPolicyInput is a simulation of policies that come with the call. OrderedOrganizationPolicyInputList are service control policies,
// level by level from an organization's root to the account.
type SimulateCustomPolicyInput struct {
	PolicyInputList                    []string   `json:"policyInputList"`
	OrderedOrganizationPolicyInputList [][]string `json:"orderedOrganizationPolicyInputList,omitempty"`
	SimulationInput
}

// SimulatePrincipalPolicyInput is a simulation of the policies of a user, group or role, and of more.
type SimulatePrincipalPolicyInput struct {
	PolicySourceARN string   `json:"policySourceArn"`
	PolicyInputList []string `json:"policyInputList,omitempty"`
	SimulationInput
}

// SimulationInput is what both simulators take.
type SimulationInput struct {
	PermissionsBoundaryPolicyInputList []string       `json:"permissionsBoundaryPolicyInputList,omitempty"` // none: the one that is attached
	ActionNames                        []string       `json:"actionNames"`
	ResourceARNs                       []string       `json:"resourceArns,omitempty"` // none: "*"
	ResourcePolicy                     string         `json:"resourcePolicy,omitempty"`
	ResourceOwner                      string         `json:"resourceOwner,omitempty"` // the ARN of its root; "": the caller's account
	CallerARN                          string         `json:"callerArn,omitempty"`
	ContextEntries                     []ContextEntry `json:"contextEntries,omitempty"`
	ResourceHandlingOption             string         `json:"resourceHandlingOption,omitempty"`
	Paging
}

// ContextEntry is a condition key of the simulated request. Types are string, numeric, boolean, ip, binary and date, and each of these with List.
type ContextEntry struct {
	ContextKeyName   string   `json:"contextKeyName"`
	ContextKeyValues []string `json:"contextKeyValues"`
	ContextKeyType   string   `json:"contextKeyType"`
}

// ContextKeysForCustomPolicyInput has the policies to look into.
type ContextKeysForCustomPolicyInput struct {
	PolicyInputList []string `json:"policyInputList"`
}

// ContextKeysForPrincipalPolicyInput has a user, group or role, and more policies to look into.
type ContextKeysForPrincipalPolicyInput struct {
	PolicySourceARN string   `json:"policySourceArn"`
	PolicyInputList []string `json:"policyInputList,omitempty"`
}

func (in SimulateCustomPolicyInput) validate(v *validator) {
	v.documents("policyInputList", in.PolicyInputList)
	for i, level := range in.OrderedOrganizationPolicyInputList {
		v.documents(fmt.Sprintf("orderedOrganizationPolicyInputList.%d.member.serviceControlPolicyInputList", i+1), level)
		if len(level) == 0 {
			v.refuse("InvalidInput", "Organization policy at index %d must contain at least one service control policy", i+1)
		}
	}
	in.SimulationInput.validate(v)
}

func (in SimulatePrincipalPolicyInput) validate(v *validator) {
	v.policySource(in.PolicySourceARN)
	v.documents("policyInputList", in.PolicyInputList)
	in.SimulationInput.validate(v)
}

func (in ContextKeysForCustomPolicyInput) validate(v *validator) {
	v.documents("policyInputList", in.PolicyInputList)
}

func (in ContextKeysForPrincipalPolicyInput) validate(v *validator) {
	v.policySource(in.PolicySourceARN)
	v.documents("policyInputList", in.PolicyInputList)
}

// validate has the rules that need no more than the input. Their sentences are AWS's as recorded in 2026.
func (in SimulationInput) validate(v *validator) {
	v.documents("permissionsBoundaryPolicyInputList", in.PermissionsBoundaryPolicyInputList)
	if len(in.PermissionsBoundaryPolicyInputList) > 1 {
		v.refuse("InvalidInput", "The list of Permissions Boundary policies cannot exceed 1 items.")
	}
	if len(in.ActionNames) == 0 {
		v.fail("actionNames", "Member must not be null")
	}
	v.lengths("actionNames", in.ActionNames, 3, 128)
	v.lengths("resourceArns", in.ResourceARNs, 1, 2048)
	v.length("resourceOwner", in.ResourceOwner, 0, 2048)
	v.length("callerArn", in.CallerARN, 0, 2048)
	v.length("resourceHandlingOption", in.ResourceHandlingOption, 0, 64)
	if in.ResourcePolicy != "" {
		v.document("resourcePolicy", in.ResourcePolicy)
	}
	v.between("maxItems", in.MaxItems, 1, 1000)
	if n, err := afterAction(in.Marker); err != nil || n < 0 || in.Marker != "" && n == 0 {
		v.refuse("InvalidInput", "Invalid marker for pagination.")
	}
	v.contextEntries(in.ContextEntries)
}

// documents checks a list of policy documents; what they say is for the call to read.
func (v *validator) documents(member string, documents []string) {
	v.lengths(member, documents, 1, 131072)
	for _, document := range documents {
		if document != "" {
			v.document(member, document)
		}
	}
}

// policySource checks the ARN of a user, group or role, of whatever account.
func (v *validator) policySource(arn string) {
	v.arn("policySourceArn", arn)
	if _, _, ok := sourceOf(arn); !ok {
		v.refuse("InvalidInput", "Invalid ARN provided in the request: %s", shorten(arn))
	}
}

// sourceOf takes the ARN of a user, group or role apart.
func sourceOf(text string) (n IdentityName, account string, ok bool) {
	arn, err := policy.ParseARN(text)
	if err != nil || arn.Service != "iam" || arn.Region != "" || !policy.IsAccountID(arn.Account) {
		return IdentityName{}, "", false
	}
	word, _, _ := strings.Cut(arn.Resource, "/")
	name := arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:]
	for _, kind := range []IdentityKind{UserKind, GroupKind, RoleKind} {
		if kind.rules().word == word && name != "" && len(name) < len(arn.Resource) {
			return kind.named(name), arn.Account, true
		}
	}
	return IdentityName{}, "", false
}

// contextTypes are the types of ContextEntries by their names, and how AWS describes a value. AWS takes any text for a boolean.
var contextTypes = map[string]struct {
	kind   policy.OperatorType
	wanted string
}{
	"string": {policy.StringOperator, ""}, "boolean": {policy.StringOperator, ""}, "numeric": {policy.NumericOperator, "numeric format"},
	"date": {policy.DateOperator, "DateTime format"}, "ip": {policy.IPOperator, "IP address"}, "binary": {policy.BinaryOperator, "base-64 encoded binary format"},
}

const listSuffix = "List"

func (v *validator) contextEntries(entries []ContextEntry) {
	names := map[string]bool{}
	for i, e := range entries {
		member := fmt.Sprintf("contextEntries.%d.member.", i+1)
		if e.ContextKeyName != "" {
			v.length(member+"contextKeyName", e.ContextKeyName, 5, 256)
		}
		if e.ContextKeyType != "" && !e.typed() {
			v.fail(member+"contextKeyType", "Member must satisfy enum value set: "+
				"[binary, ipList, booleanList, ip, boolean, numericList, dateList, numeric, date, stringList, string, binaryList]")
			continue
		}
		v.contextEntry(e)
		if folded := strings.ToLower(e.ContextKeyName); names[folded] {
			v.refuse("InvalidInput", "Duplicate context key: %s.", shorten(e.ContextKeyName))
		} else {
			names[folded] = true
		}
	}
}

func (e ContextEntry) typed() bool {
	_, ok := contextTypes[strings.TrimSuffix(e.ContextKeyType, listSuffix)]
	return ok
}

// contextEntry checks one entry for itself. That AWS's sentence about a single value names the type in place of the key is AWS's doing.
func (v *validator) contextEntry(e ContextEntry) {
	name, list := shorten(e.ContextKeyName), strings.HasSuffix(e.ContextKeyType, listSuffix)
	kind := contextTypes[strings.TrimSuffix(e.ContextKeyType, listSuffix)]
	invalid := func(value string) bool { return !utf8.ValidString(value) || !policy.ValidValue(kind.kind, value) }
	switch {
	case name == "":
		v.refuse("InvalidInput", "ContextKeyName cannot be null or empty.")
	case e.ContextKeyType == "":
		v.refuse("InvalidInput", "Context key %s has invalid type null.", name)
	case len(e.ContextKeyValues) == 0:
		v.refuse("InvalidInput", "Context values for context key %s cannot be null or empty.", name)
	case !list && len(e.ContextKeyValues) > 1:
		v.refuse("InvalidInput", "Context key %s expected a single value, but received %d.", e.ContextKeyType, len(e.ContextKeyValues))
	case slices.ContainsFunc(e.ContextKeyValues, invalid):
		v.refuse("InvalidInput", "Invalid context value for key %s: expected %s.", name, kind.wanted)
	}
}

// simulatedContext are the entries as condition keys.
func simulatedContext(entries []ContextEntry) *policy.Context {
	keys := &policy.Context{}
	for _, e := range entries {
		if strings.HasSuffix(e.ContextKeyType, listSuffix) {
			keys.SetList(e.ContextKeyName, e.ContextKeyValues...)
		} else {
			keys.Set(e.ContextKeyName, e.ContextKeyValues[0])
		}
	}
	return keys
}
