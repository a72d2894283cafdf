package sts

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// The decoded authorization message, in the form of AWS's own: every list is an object with items (IAM User Guide, "Use DecodeAuthorizationMessage
// with a CLI"; API reference, "DecodeAuthorizationMessage"). Its member "openirsa" is ours. Members that only some statements need (notActions,
// notResources, operator) are ours as well: AWS's examples have none of them.
type (
	authorizationMessage struct {
		Allowed           bool           `json:"allowed"`
		ExplicitDeny      bool           `json:"explicitDeny"`
		MatchedStatements statementItems `json:"matchedStatements"`
		Failures          valueItems     `json:"failures"`
		Context           messageContext `json:"context"`
		Decision          *ourDecision   `json:"openirsa,omitempty"`
	}
	messageContext struct {
		Principal  messagePrincipal `json:"principal"`
		Action     string           `json:"action"`
		Resource   string           `json:"resource"`
		Conditions keyItems         `json:"conditions"`
	}
	messagePrincipal struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"` // of a user
		ARN  string `json:"arn"`
	}
	statementItems struct {
		Items []messageStatement `json:"items"`
	}
	messageStatement struct {
		StatementID     string      `json:"statementId"`
		Effect          string      `json:"effect"`
		Principals      valueItems  `json:"principals"`
		PrincipalGroups valueItems  `json:"principalGroups"`
		Actions         valueItems  `json:"actions"`
		NotActions      *valueItems `json:"notActions,omitempty"`
		Resources       valueItems  `json:"resources"`
		NotResources    *valueItems `json:"notResources,omitempty"`
		Conditions      keyItems    `json:"conditions"`
	}
	valueItems struct {
		Items []messageValue `json:"items"`
	}
	messageValue struct {
		Value string `json:"value"`
	}
	keyItems struct {
		Items []messageKey `json:"items"`
	}
	messageKey struct {
		Operator string     `json:"operator,omitempty"` // of a statement's condition
		Key      string     `json:"key"`
		Values   valueItems `json:"values"`
	}
	ourDecision struct {
		RequestID string          `json:"requestID"`
		Effect    string          `json:"decision"`
		Reasons   []policy.Reason `json:"reasons"`
	}
)

const denyEffect = "DENY"

func decodedMessage(e trail.Event) authorizationMessage {
	id := e.UserIdentity.PrincipalID
	message := authorizationMessage{
		ExplicitDeny:      e.Decision.Effect == policy.ExplicitlyDenied,
		MatchedStatements: statementItems{Items: []messageStatement{}},
		Failures:          valuesOf(nil),
		Context: messageContext{
			Principal:  messagePrincipal{ID: id, ARN: e.UserIdentity.ARN},
			Action:     e.Action,
			Resource:   e.Resource,
			Conditions: conditionsOf(e.Context),
		},
		Decision: &ourDecision{RequestID: e.RequestID, Effect: e.Decision.Effect.String(), Reasons: []policy.Reason{}},
	}
	if _, name, isUser := strings.Cut(e.UserIdentity.ARN, ":user/"); isUser {
		message.Context.Principal.Name = name[strings.LastIndexByte(name, '/')+1:]
	}
	decision := *e.Decision
	if foreign(e) {
		decision = decision.Hiding(isTrust)
	}
	for _, matched := range decision.Matched() {
		message.MatchedStatements.Items = append(message.MatchedStatements.Items, statementOf(matched, id))
	}
	message.Decision.Reasons = append(message.Decision.Reasons, decision.Reasons()...)
	return message
}

// statementOf shows a statement. A policy of the caller's own names nobody; there AWS shows the caller's unique id.
func statementOf(matched policy.Matched, callerID string) messageStatement {
	principals := matched.Principals
	if principals == nil && matched.NotPrincipal == nil {
		id, _, _ := strings.Cut(callerID, ":")
		principals = []string{id}
	}
	s := messageStatement{
		StatementID: matched.SID, Effect: denyEffect,
		Principals: valuesOf(principals), PrincipalGroups: valuesOf(nil),
		Actions: valuesOf(matched.Actions), Resources: valuesOf(matched.Resources), Conditions: keyItems{Items: []messageKey{}},
	}
	if matched.NotActions != nil {
		s.NotActions = new(valuesOf(matched.NotActions))
	}
	if matched.NotResources != nil {
		s.NotResources = new(valuesOf(matched.NotResources))
	}
	for _, c := range matched.Conditions {
		s.Conditions.Items = append(s.Conditions.Items, messageKey{c.Operator, c.Key, valuesOf(c.Values)})
	}
	return s
}

// conditionsOf shows a request's condition keys in the order of their names.
func conditionsOf(c *policy.Context) keyItems {
	items := []messageKey{}
	for name, values := range c.All() {
		items = append(items, messageKey{Key: name, Values: valuesOf(values)})
	}
	slices.SortFunc(items, func(a, b messageKey) int { return strings.Compare(a.Key, b.Key) })
	return keyItems{Items: items}
}

func valuesOf(texts []string) valueItems {
	items := make([]messageValue, len(texts))
	for i, text := range texts {
		items[i].Value = text
	}
	return valueItems{Items: items}
}
