package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
)

// policyEdit adds statements to a resource's policy, or takes some away.
type policyEdit struct {
	// version and id of a policy that begins with this edit.
	version, id string
	// whole is a document that takes the place of the one that there is; "": change makes it.
	whole string
	// change makes the statements anew. Its errors are the service's.
	change func(statements []statement) ([]statement, error)
	// answer has the members of the service's answer.
	answer map[string]any
}

// statement is one of a policy, as it stands there.
type statement struct {
	sid  string
	text json.RawMessage
}

// grant is a statement that services write for AddPermission.
type grant struct {
	SID       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal any                          `json:"Principal"` // "*", or a map
	Action    any                          `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// edits are the operations on single statements, by service and name. The functions read an operation that is about resource.
var edits = map[string]func(o *awsmodel.Operation, partition, resource string) (policyEdit, error){
	"sqs:AddPermission":       addToQueue,
	"sqs:RemovePermission":    removeFromQueue,
	"sns:AddPermission":       addToTopic,
	"sns:RemovePermission":    removeFromTopic,
	"lambda:AddPermission":    addToFunction,
	"lambda:RemovePermission": removeFromFunction,
	"events:PutPermission":    putOnBus,
	"events:RemovePermission": removeFromBus,
}

// apply makes the policy's document of the one that there is; "" stands for none.
func (e policyEdit) apply(current string) (string, error) {
	if e.whole != "" {
		return e.whole, nil
	}
	document := struct {
		Version   string            `json:"Version,omitempty"`
		ID        string            `json:"Id,omitempty"`
		Statement []json.RawMessage `json:"Statement"`
	}{Version: e.version, ID: e.id}
	var statements []statement
	if current != "" {
		before := struct {
			Version, ID string
			Statement   json.RawMessage
		}{}
		if err := json.Unmarshal([]byte(current), &before); err != nil {
			return "", fmt.Errorf("reading the policy that there is: %w", err)
		}
		var err error
		if statements, err = statementsOf(before.Statement); err != nil {
			return "", fmt.Errorf("reading the policy that there is: %w", err)
		}
		document.Version, document.ID = before.Version, before.ID
	}
	statements, err := e.change(statements)
	if err != nil || len(statements) == 0 {
		return "", err
	}
	for _, s := range statements {
		document.Statement = append(document.Statement, s.text)
	}
	text, err := json.Marshal(document)
	return string(text), err
}

// statementsOf are those of a document, which may have a single one without a list.
func statementsOf(document json.RawMessage) ([]statement, error) {
	list := []json.RawMessage{document}
	if strings.HasPrefix(strings.TrimSpace(string(document)), "[") {
		if err := json.Unmarshal(document, &list); err != nil {
			return nil, err
		}
	}
	statements := make([]statement, len(list))
	for i, text := range list {
		var named struct{ SID string }
		if err := json.Unmarshal(text, &named); err != nil {
			return nil, err
		}
		statements[i] = statement{named.SID, text}
	}
	return statements, nil
}

// adding is a change by one statement, which must be the only one of its id: exists is the error where it is not.
func adding(g grant, exists error) (func([]statement) ([]statement, error), string, error) {
	text, err := json.Marshal(g)
	if err != nil {
		return nil, "", err
	}
	return func(statements []statement) ([]statement, error) {
		if slices.ContainsFunc(statements, func(s statement) bool { return s.sid == g.SID }) {
			return nil, exists
		}
		return append(slices.Clip(statements), statement{g.SID, text}), nil
	}, string(text), nil
}

// removing is a change by which the statement of an id goes; missing is the error where there is none.
func removing(sid string, missing error) func([]statement) ([]statement, error) {
	return func(statements []statement) ([]statement, error) {
		left := without(statements, sid)
		if len(left) == len(statements) {
			return nil, missing
		}
		return left, nil
	}
}

// without are the statements of other ids.
func without(statements []statement, sid string) []statement {
	return slices.DeleteFunc(slices.Clone(statements), func(s statement) bool { return s.sid == sid })
}

// textOf is a member that is a text.
func textOf(o *awsmodel.Operation, member string) string {
	text, _ := o.Input[member].(string)
	return text
}

// textsOf is a member that is a list of texts.
func textsOf(o *awsmodel.Operation, member string) []string {
	list, _ := o.Input[member].([]any)
	var texts []string
	for _, element := range list {
		if text, ok := element.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// accountRoot is the ARN that stands for an account in policies; "" for what is no account id.
func accountRoot(partition, account string) string {
	if !policy.IsAccountID(account) {
		return ""
	}
	return "arn:" + partition + ":iam::" + account + ":root"
}

// accountRoots are those of accounts; ok is false where one is no account id, or there is none.
func accountRoots(partition string, accounts []string) (roots []string, ok bool) {
	for _, account := range accounts {
		root := accountRoot(partition, account)
		if root == "" {
			return nil, false
		}
		roots = append(roots, root)
	}
	return roots, len(roots) > 0
}

func withPrefix(prefix string, names []string) []string {
	named := make([]string, len(names))
	for i, name := range names {
		named[i] = prefix + name
	}
	return named
}

// addToQueue is Amazon SQS's AddPermission (Amazon SQS API Reference). The sentences are those of public error reports.
func addToQueue(o *awsmodel.Operation, partition, resource string) (e policyEdit, err error) {
	label := textOf(o, "Label")
	roots, ok := accountRoots(partition, textsOf(o, "AWSAccountIds"))
	if !ok {
		return e, refusal("InvalidParameterValue", "Value for parameter PrincipalId is invalid. Reason: Unable to verify.")
	}
	e = policyEdit{version: "2012-10-17", id: resource + "/SQSDefaultPolicy"}
	e.change, _, err = adding(grant{SID: label, Effect: "Allow", Principal: map[string]any{"AWS": roots}, Action: withPrefix("SQS:", textsOf(o, "Actions")),
		Resource: resource}, refusal("InvalidParameterValue", "Value "+label+" for parameter Label is invalid. Reason: Already exists."))
	return e, err
}

func removeFromQueue(o *awsmodel.Operation, _, _ string) (policyEdit, error) {
	label := textOf(o, "Label")
	return policyEdit{change: removing(label, refusal("InvalidParameterValue",
		"Value "+label+" for parameter Label is invalid. Reason: can't find label on existing permissions."))}, nil
}

// addToTopic is Amazon SNS's AddPermission (Amazon SNS API Reference).
func addToTopic(o *awsmodel.Operation, partition, resource string) (e policyEdit, err error) {
	roots, ok := accountRoots(partition, textsOf(o, "AWSAccountId"))
	if !ok {
		return e, refusal("InvalidParameter", "Invalid parameter: AWSAccountId")
	}
	e = policyEdit{version: "2008-10-17", id: "__default_policy_ID"}
	e.change, _, err = adding(grant{SID: textOf(o, "Label"), Effect: "Allow", Principal: map[string]any{"AWS": roots},
		Action: withPrefix("SNS:", textsOf(o, "ActionName")), Resource: resource}, refusal("InvalidParameter", "Invalid parameter: Statement already exists"))
	return e, err
}

func removeFromTopic(o *awsmodel.Operation, _, _ string) (policyEdit, error) {
	return policyEdit{change: removing(textOf(o, "Label"), refusal("NotFound", "The statement "+textOf(o, "Label")+" does not exist."))}, nil
}
