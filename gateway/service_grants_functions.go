package gateway

import (
	"encoding/json"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

// functionPrincipal is whom AWS Lambda's AddPermission names: a service by its domain, an account, an ARN or everybody.
func functionPrincipal(partition, named string) any {
	root := accountRoot(partition, named)
	switch {
	case named == "*":
		return named
	case root != "":
		return map[string]any{"AWS": root}
	case !strings.HasPrefix(named, "arn:") && strings.Contains(named, "."):
		return map[string]any{"Service": named}
	}
	return map[string]any{"AWS": named}
}

// addToFunction is AWS Lambda's AddPermission (AWS Lambda API Reference; AWS Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda").
func addToFunction(o *awsmodel.Operation, partition, resource string) (e policyEdit, err error) {
	g := grant{SID: textOf(o, "StatementId"), Effect: "Allow", Principal: functionPrincipal(partition, textOf(o, "Principal")), Action: textOf(o, "Action"),
		Resource: resource, Condition: map[string]map[string]string{}}
	for _, c := range [...]struct{ member, operator, key string }{
		{"SourceAccount", "StringEquals", "AWS:SourceAccount"},
		{"SourceArn", "ArnLike", "AWS:SourceArn"},
		{"PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"},
		{"EventSourceToken", "StringEquals", "lambda:EventSourceToken"},
		{"FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"},
	} {
		if value := textOf(o, c.member); value != "" {
			g.require(c.operator, c.key, value)
		}
	}
	if only, given := o.Input["InvokedViaFunctionUrl"].(bool); given {
		g.require("Bool", "lambda:InvokedViaFunctionUrl", map[bool]string{false: "false", true: "true"}[only])
	}
	e = policyEdit{version: "2012-10-17", id: "default"}
	var text string
	e.change, text, err = adding(g, refusal("ResourceConflictException",
		"The statement id ("+g.SID+") provided already exists. Please provide a new statement id, or remove the existing statement."))
	e.answer = map[string]any{"Statement": text}
	return e, err
}

func (g *grant) require(operator, key, value string) {
	if g.Condition[operator] == nil {
		g.Condition[operator] = map[string]string{}
	}
	g.Condition[operator][key] = value
}

func removeFromFunction(o *awsmodel.Operation, _, _ string) (policyEdit, error) {
	return policyEdit{change: removing(textOf(o, "StatementId"),
		refusal("ResourceNotFoundException", "Statement "+textOf(o, "StatementId")+" is not found in resource policy."))}, nil
}

// putOnBus is Amazon EventBridge's PutPermission (Amazon EventBridge API Reference): a whole policy, or a statement, which replaces the one of its id.
func putOnBus(o *awsmodel.Operation, partition, resource string) (policyEdit, error) {
	if document := textOf(o, "Policy"); document != "" {
		return policyEdit{whole: document}, nil
	}
	principal, sid := textOf(o, "Principal"), textOf(o, "StatementId")
	g := grant{SID: sid, Effect: "Allow", Principal: principal, Action: textOf(o, "Action"), Resource: resource}
	if principal != "*" {
		g.Principal = map[string]any{"AWS": accountRoot(partition, principal)}
	}
	if sid == "" || g.Action == "" || principal != "*" && accountRoot(partition, principal) == "" {
		return policyEdit{}, refusal("ValidationException", "StatementId, Action and Principal, an account id or *, are needed where there is no Policy.")
	}
	if condition, given := o.Input["Condition"].(map[string]any); given {
		kind, _ := condition["Type"].(string)
		key, _ := condition["Key"].(string)
		value, _ := condition["Value"].(string)
		g.Condition = map[string]map[string]string{kind: {key: value}}
	}
	text, err := json.Marshal(g)
	if err != nil {
		return policyEdit{}, err
	}
	return policyEdit{version: "2012-10-17", change: func(statements []statement) ([]statement, error) {
		return append(without(statements, sid), statement{sid, text}), nil
	}}, nil
}

func removeFromBus(o *awsmodel.Operation, _, _ string) (policyEdit, error) {
	if all, _ := o.Input["RemoveAllPermissions"].(bool); all {
		return policyEdit{change: func([]statement) ([]statement, error) { return nil, nil }}, nil
	}
	return policyEdit{change: removing(textOf(o, "StatementId"),
		refusal("ResourceNotFoundException", "Statement with the provided id does not exist."))}, nil
}
