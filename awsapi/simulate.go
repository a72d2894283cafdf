package awsapi

import (
	"maps"
	"slices"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// simulatorOperations are IAM's policy simulators, version 2010-05-08.
func simulatorOperations(d *iam.Directory) map[string]operation {
	return map[string]operation{
		"SimulateCustomPolicy": query(func(f *form) iam.SimulateCustomPolicyInput {
			return iam.SimulateCustomPolicyInput{
				PolicyInputList: f.requiredList("PolicyInputList"), OrderedOrganizationPolicyInputList: f.levels("OrderedOrganizationPolicyInputList"),
				SimulationInput: decodeSimulation(f),
			}
		}, d.SimulateCustomPolicy, encodeSimulation),
		"SimulatePrincipalPolicy": query(func(f *form) iam.SimulatePrincipalPolicyInput {
			return iam.SimulatePrincipalPolicyInput{
				PolicySourceARN: f.required("PolicySourceArn"), PolicyInputList: f.list("PolicyInputList"), SimulationInput: decodeSimulation(f),
			}
		}, d.SimulatePrincipalPolicy, encodeSimulation),
		"GetContextKeysForCustomPolicy": query(func(f *form) iam.ContextKeysForCustomPolicyInput {
			return iam.ContextKeysForCustomPolicyInput{PolicyInputList: f.requiredList("PolicyInputList")}
		}, d.GetContextKeysForCustomPolicy, encodeContextKeys),
		"GetContextKeysForPrincipalPolicy": query(func(f *form) iam.ContextKeysForPrincipalPolicyInput {
			return iam.ContextKeysForPrincipalPolicyInput{PolicySourceARN: f.required("PolicySourceArn"), PolicyInputList: f.list("PolicyInputList")}
		}, d.GetContextKeysForPrincipalPolicy, encodeContextKeys),
	}
}

func decodeSimulation(f *form) iam.SimulationInput {
	return iam.SimulationInput{
		PermissionsBoundaryPolicyInputList: f.list("PermissionsBoundaryPolicyInputList"),
		ActionNames:                        f.requiredList("ActionNames"),
		ResourceARNs:                       f.list("ResourceArns"),
		ResourcePolicy:                     f.text("ResourcePolicy"),
		ResourceOwner:                      f.text("ResourceOwner"),
		CallerARN:                          f.text("CallerArn"),
		ContextEntries:                     f.contextEntries("ContextEntries"),
		ResourceHandlingOption:             f.text("ResourceHandlingOption"),
		Paging:                             decodePaging(f),
	}
}

// contextEntries takes a list of ContextEntry structures. What one of them lacks is for the directory to refuse.
func (f *form) contextEntries(name string) []iam.ContextEntry {
	f.emptyList(name)
	var entries []iam.ContextEntry
	for {
		prefix := member(name, len(entries)+1) + ".Context"
		values, hasValues := f.givenList(prefix + "KeyValues")
		keyName, hasName := f.lookup(prefix + "KeyName")
		keyType, hasType := f.lookup(prefix + "KeyType")
		if !hasValues && !hasName && !hasType {
			return entries
		}
		entries = append(entries, iam.ContextEntry{ContextKeyName: keyName, ContextKeyValues: values, ContextKeyType: keyType})
	}
}

// levels takes a list of OrderedOrganizationPolicyType structures, whose only member is a list of documents.
func (f *form) levels(name string) [][]string {
	f.emptyList(name)
	var levels [][]string
	for {
		documents, given := f.givenList(member(name, len(levels)+1) + ".ServiceControlPolicyInputList")
		if !given {
			return levels
		}
		levels = append(levels, documents)
	}
}

// givenList is list, and tells a list without members from none.
func (f *form) givenList(name string) (members []string, given bool) {
	_, empty := f.values[name]
	members = f.list(name)
	return members, empty || len(members) > 0
}

// requiredList takes a list that must be given and may have no members.
func (f *form) requiredList(name string) []string {
	members, given := f.givenList(name)
	if !given {
		f.fail(f.null(lowerFirst(name)))
	}
	return members
}

// The data types of a simulation (https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html). Of a result on one resource the empty
// lists are left out, as AWS does.
type (
	positionElement  struct{ Line, Column int }
	statementElement struct {
		SourcePolicyId   string
		SourcePolicyType string
		StartPosition    positionElement
		EndPosition      positionElement
	}
	organizationsElement struct{ AllowedByOrganizations bool }
	boundedElement       struct{ AllowedByPermissionsBoundary bool }
	detailElement        struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	}
	detailsElement struct {
		Entries []detailElement `xml:"entry"`
	}
	evaluationElement struct {
		EvalActionName                    string
		EvalResourceName                  string
		EvalDecision                      string
		MatchedStatements                 members[statementElement]
		MissingContextValues              members[string]
		OrganizationsDecisionDetail       *organizationsElement
		PermissionsBoundaryDecisionDetail *boundedElement
		EvalDecisionDetails               *detailsElement
		ResourceSpecificResults           *members[specificElement]
	}
	specificElement struct {
		EvalResourceName                  string
		EvalResourceDecision              string
		MatchedStatements                 *members[statementElement]
		MissingContextValues              *members[string]
		EvalDecisionDetails               *detailsElement
		PermissionsBoundaryDecisionDetail *boundedElement
	}
)

func encodeSimulation(p iam.Page[iam.SimulationResult]) any {
	return struct {
		EvaluationResults members[evaluationElement]
		pageElement
	}{listOf(p.Items, newEvaluation), newPage(p)}
}

// newEvaluation has EvalDecisionDetails wherever resources are named: within an account without members (IAM API reference, EvaluationResult).
func newEvaluation(r iam.SimulationResult) evaluationElement {
	e := evaluationElement{
		EvalActionName: r.Action, EvalResourceName: r.Resource, EvalDecision: decisionWord(r.Effect),
		MatchedStatements: listOf(r.Matched, newStatement), MissingContextValues: members[string]{r.Missing},
		PermissionsBoundaryDecisionDetail: newBounded(r.AllowedByBoundary),
	}
	if r.AllowedByOrganizations != nil {
		e.OrganizationsDecisionDetail = &organizationsElement{*r.AllowedByOrganizations}
	}
	if r.Resources != nil {
		e.EvalDecisionDetails, e.ResourceSpecificResults = newDetails(r.Details), new(listOf(r.Resources, newSpecific))
	}
	return e
}

func newSpecific(v iam.Verdict) specificElement {
	e := specificElement{
		EvalResourceName: v.Resource, EvalResourceDecision: decisionWord(v.Effect), PermissionsBoundaryDecisionDetail: newBounded(v.AllowedByBoundary),
	}
	if len(v.Matched) > 0 {
		e.MatchedStatements = new(listOf(v.Matched, newStatement))
	}
	if len(v.Missing) > 0 {
		e.MissingContextValues = &members[string]{v.Missing}
	}
	if v.Details != nil {
		e.EvalDecisionDetails = newDetails(v.Details)
	}
	return e
}

func newStatement(s iam.MatchedStatement) statementElement {
	return statementElement{s.SourcePolicyID, s.SourcePolicyType, positionElement(s.Start), positionElement(s.End)}
}

func newBounded(allowed *bool) *boundedElement {
	if allowed == nil {
		return nil
	}
	return &boundedElement{*allowed}
}

func newDetails(effects map[string]policy.Effect) *detailsElement {
	var details detailsElement
	for _, kind := range slices.Sorted(maps.Keys(effects)) {
		details.Entries = append(details.Entries, detailElement{kind, decisionWord(effects[kind])})
	}
	return &details
}

// decisionWord is the PolicyEvaluationDecisionType of the service model.
func decisionWord(effect policy.Effect) string {
	switch effect {
	case policy.Allowed:
		return "allowed"
	case policy.ExplicitlyDenied:
		return "explicitDeny"
	}
	return "implicitDeny"
}

func encodeContextKeys(names []string) any {
	return struct{ ContextKeyNames members[string] }{members[string]{names}}
}
