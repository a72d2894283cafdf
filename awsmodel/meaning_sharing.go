package awsmodel

import (
	"maps"
	"strings"
)

// sharing is on an image or snapshot, once for each account or group that it is opened or closed to: a policy tells by ec2:Add/userId, ec2:Add/group and
// their opposites with whom it may be shared, and no one of several may stand for the others (Service Authorization Reference, "Condition keys for
// Amazon EC2").
func (r *reader) sharing() ([]Call, error) {
	entry, known := r.reference.Action("ec2:" + r.operation.Name)
	if !known {
		return nil, undecidable("ec2:"+r.operation.Name, noAction)
	}
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	given := r.shares()
	if err := r.bounded(len(given) * len(calls)); err != nil || len(given) == 0 {
		return calls, err
	}
	var all []Call
	for _, call := range calls {
		for _, one := range given {
			told := call
			told.Keys = maps.Clone(call.Keys)
			told.Keys[one.member] = []string{one.text}
			all = append(all, told)
		}
	}
	return all, nil
}

// shares are the condition keys with each of the accounts and groups in a request, in either of its forms: lists of permissions, or lists of names and
// what to do with them.
func (r *reader) shares() []binding {
	var given []binding
	add := func(key string, texts []string) {
		for _, text := range texts {
			given = append(given, binding{key, text})
		}
	}
	for _, permission := range [...]string{"LaunchPermission", "CreateVolumePermission", "LoadPermission"} {
		for _, change := range [...]string{"Add", "Remove"} {
			add("ec2:"+change+"/userId", r.textsAt(permission, change, "UserId"))
			add("ec2:"+change+"/group", r.textsAt(permission, change, "Group"))
		}
	}
	change := "Add"
	if strings.EqualFold(r.text("OperationType"), "remove") {
		change = "Remove"
	}
	add("ec2:"+change+"/userId", r.texts("UserIds"))
	add("ec2:"+change+"/group", r.texts("UserGroups"))
	add("ec2:"+change+"/group", r.texts("GroupNames"))
	return given
}

// replacedAssociation is on what is associated anew, and on the subnet of the association, which its id does not tell.
func (r *reader) replacedAssociation() ([]Call, error) {
	entry, _ := r.reference.Action("ec2:" + r.operation.Name)
	calls, err := r.bind(entry)
	if err != nil {
		return nil, err
	}
	call, err := r.on(entry.Name, "subnet", r.arn("ec2", "subnet/*"), true)
	return append(calls, call), err
}
