package awsmodel

import (
	"slices"
	"strings"
)

// Systems Manager's operations on machines name them by ids, or by Targets: ids again, tags, resource groups. A command by Targets runs on what the
// service finds by them, and needs the permission for each machine (AWS Systems Manager User Guide, "Restricting Run Command access based on tags";
// AWS Systems Manager API Reference, Target).

// machines is on what the rules find, and on the machines that Targets name. Where these are found by tags, each has the tags, which count as the
// machine's own; else they may be any.
func (r *reader) machines() ([]Call, error) {
	action := r.prefix + ":" + r.operation.Name
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(action, noAction)
	}
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	ids, tags, found := r.targets()
	if !found {
		return calls, nil
	}
	if err := r.bounded(len(ids)); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		ids = []string{"i-*", "mi-*"}
	}
	for _, id := range ids {
		call, err := r.machine(action, id)
		if err != nil {
			return nil, err
		}
		if call.AnyResource {
			for key, value := range tags {
				for _, prefix := range call.TagKeys {
					call.Keys[prefix+key] = []string{value}
				}
			}
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// machine is the call on one machine, or on all of a kind: those that are not EC2's have ids that begin with mi-.
func (r *reader) machine(action, id string) (Call, error) {
	kind, arn := "instance", r.arn("ec2", "instance/"+id)
	if strings.HasPrefix(id, "mi-") {
		kind, arn = "managed-instance", r.arn("ssm", "managed-instance/"+id)
	}
	switch {
	case id == "i-*" || id == "mi-*":
		return r.on(action, kind, strings.TrimSuffix(arn, id)+"*", true)
	case component("Targets", id) != nil || strings.ContainsAny(id, ":/"):
		return Call{}, &Error{Kind: UnknownParameter, Message: "Targets: it is not the id of a machine: " + excerpt(id)}
	}
	return r.on(action, kind, arn, false)
}

// targets reads Targets: the ids of machines, all kinds where it says "*", and the tags that all of the machines have, by their keys. A tag for which
// there are several values tells nothing.
func (r *reader) targets() (ids []string, tags map[string]string, found bool) {
	tags = map[string]string{}
	lists := structures(r.operation.Input["Targets"])
	for _, target := range lists {
		key, _ := target["Key"].(string)
		values := textsOf(target["Values"])
		name, tag := strings.CutPrefix(key, "tag:")
		switch {
		case strings.EqualFold(key, "InstanceIds"):
			ids = append(ids, values...)
		case tag && len(values) == 1:
			if before, twice := tags[name]; twice && before != values[0] {
				return nil, nil, true // nothing has both
			}
			tags[name] = values[0]
		}
	}
	if collide(tags) {
		tags = nil
	}
	if slices.Contains(ids, "*") {
		ids = nil
	}
	return ids, tags, len(lists) > 0 || r.operation.Input["TargetMaps"] != nil || r.operation.Input["TargetLocations"] != nil
}
