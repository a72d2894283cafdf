package awsmodel

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// bus is the name of an event bus that a member names by its name or ARN, and where it is; without it, it is the account's default one
// (Amazon EventBridge API Reference).
func (r *reader) bus(text string) (string, Place, error) {
	if text == "" {
		return "default", r.place, nil
	}
	place := r.place
	if strings.HasPrefix(text, "arn:") {
		arn, err := policy.ParseARN(text)
		if err != nil || arn.Service != "events" || !strings.HasPrefix(arn.Resource, "event-bus/") {
			return "", place, &Error{Kind: UnknownParameter, Message: "EventBusName: it is not the ARN of an event bus: " + excerpt(text)}
		}
		place.Region, place.Account = arn.Region, arn.Account
		text = strings.TrimPrefix(arn.Resource, "event-bus/")
	}
	if err := component("EventBusName", text); err != nil {
		return "", place, err
	}
	if strings.Contains(text, ":") {
		return "", place, &Error{Kind: UnknownParameter, Message: "EventBusName: it is not the name of an event bus: " + excerpt(text)}
	}
	return text, place, nil
}

// putEvents is on the bus of each event.
func (r *reader) putEvents() ([]Call, error) {
	if r.text("EndpointId") != "" { // a global endpoint's buses are its own affair
		call, err := r.on("events:PutEvents", "event-bus", r.arn("events", "event-bus/*"), true)
		return []Call{call}, err
	}
	var calls []Call
	seen := map[string]bool{}
	for _, entry := range structures(r.operation.Input["Entries"]) {
		text, _ := entry["EventBusName"].(string)
		name, place, err := r.bus(text)
		if err != nil {
			return nil, err
		}
		arn := policy.ARN{Partition: place.Partition, Service: "events", Region: place.Region, Account: place.Account, Resource: "event-bus/" + name}
		if seen[arn.String()] {
			continue
		}
		seen[arn.String()] = true
		call, err := r.on("events:PutEvents", "event-bus", arn.String(), false)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// eventRule is on a rule, whose ARN has the bus in it unless that is the default one
// (Service Authorization Reference, "Amazon EventBridge": rule-on-default-event-bus and rule-on-custom-event-bus).
func (r *reader) eventRule() ([]Call, error) {
	action := "events:" + r.operation.Name
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(action, noAction)
	}
	name := r.text("Rule")
	if strings.HasSuffix(r.operation.Name, "Rule") && name == "" {
		name = r.text("Name")
	}
	rules := slices.ContainsFunc(entry.ResourceTypes, func(use policy.ResourceUse) bool { return strings.HasPrefix(use.Type.Name, "rule-on") })
	if name == "" || !rules || r.text("ResourceARN") != "" {
		return r.bind(entry)
	}
	bus, place, err := r.bus(r.text("EventBusName"))
	if err != nil {
		return nil, err
	}
	if err := component("Name", name); err != nil || strings.ContainsAny(name, ":/") {
		return nil, &Error{Kind: UnknownParameter, Message: "it is not the name of a rule: " + excerpt(name)}
	}
	kind, resource := "rule-on-default-event-bus", "rule/"+name
	if bus != "default" {
		kind, resource = "rule-on-custom-event-bus", "rule/"+bus+"/"+name
	}
	arn := policy.ARN{Partition: place.Partition, Service: "events", Region: place.Region, Account: place.Account, Resource: resource}
	call, err := r.on(action, kind, arn.String(), false)
	return []Call{call}, err
}
