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

// eventKeys are those of Amazon EventBridge (Service Authorization Reference, "Condition keys for Amazon EventBridge"): the targets of a rule, and what
// the pattern of a rule asks of events. A filter in it counts as its own text, which is no source's, and so does a pattern that cannot be read.
func (r *reader) eventKeys(keys map[string][]string) {
	if r.operation.Name == "PutTargets" {
		keys["events:targetarn"] = r.textsAt("Targets", "Arn")
	}
	text := r.text("EventPattern")
	if r.operation.Name != "PutRule" || text == "" {
		return
	}
	pattern, _, err := readJSON(&Member{Shape: &Shape{Kind: Document}}, []byte(text), "")
	for _, path := range []string{"source", "detail-type", "detail.service", "detail.eventTypeCode", "detail.userIdentity.principalId"} {
		values := []string{text}
		if err == nil {
			values = patternValues(pattern, strings.Split(path, "."))
		}
		if len(values) > 0 {
			keys["events:"+lower(path)] = values
		}
	}
}

// patternValues are what an event pattern lists at a path (Amazon EventBridge User Guide, "Creating Amazon EventBridge event patterns"), in all of its
// alternatives.
func patternValues(pattern any, path []string) []string {
	structure, is := pattern.(map[string]any)
	if !is {
		return nil
	}
	var values []string
	alternatives, _ := structure["$or"].([]any)
	for _, alternative := range alternatives {
		values = append(values, patternValues(alternative, path)...)
	}
	inner, is := structure[path[0]]
	switch {
	case !is:
		return values
	case len(path) > 1:
		return append(values, patternValues(inner, path[1:])...)
	}
	list, is := inner.([]any)
	if !is {
		list = []any{inner}
	}
	for _, element := range list {
		text, is := element.(string)
		if !is {
			text = string(appendJSON(nil, &Member{Shape: &Shape{Kind: Document}}, element))
		}
		values = append(values, text)
	}
	return values
}

// putEvents is on the bus of each event, with the source and type of the event.
func (r *reader) putEvents() ([]Call, error) {
	if r.text("EndpointId") != "" { // a global endpoint's buses are its own affair
		call, err := r.on("events:PutEvents", "event-bus", r.arn("events", "event-bus/*"), true)
		return []Call{call}, err
	}
	var calls []Call
	seen := map[[3]string]bool{}
	for _, entry := range structures(r.operation.Input["Entries"]) {
		text, _ := entry["EventBusName"].(string)
		source, _ := entry["Source"].(string)
		kind, _ := entry["DetailType"].(string)
		name, place, err := r.bus(text)
		if err != nil {
			return nil, err
		}
		arn := policy.ARN{Partition: place.Partition, Service: "events", Region: place.Region, Account: place.Account, Resource: "event-bus/" + name}
		one := [3]string{arn.String(), source, kind}
		if seen[one] {
			continue
		}
		if seen[one] = true; len(seen) > maxCalls {
			return nil, tooMany("events:PutEvents")
		}
		call, err := r.on("events:PutEvents", "event-bus", arn.String(), false)
		if err != nil {
			return nil, err
		}
		for key, text := range map[string]string{"events:source": source, "events:detail-type": kind} {
			if text != "" {
				call.Keys[key] = []string{text}
			}
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
