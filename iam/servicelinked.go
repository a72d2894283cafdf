package iam

import (
	"context"
	"fmt"
	"strings"
	"time"
)

func unmodifiable(r *Role) *Error {
	return refusef("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", r.Name)
}

func (in CreateServiceLinkedRoleInput) validate(v *validator) {
	if v.required("AWSServiceName", in.AWSServiceName) {
		v.length("AWSServiceName", in.AWSServiceName, 1, 128)
		v.pattern("AWSServiceName", in.AWSServiceName, `[\w+=,.@-]+`, isNameRune)
	}
	v.roleDescription(in.Description)
	v.length("customSuffix", in.CustomSuffix, 0, 64)
	v.pattern("customSuffix", in.CustomSuffix, `[\w+=,.@-]+`, isNameRune)
}

// checkAttachable refuses AWS's policies for service-linked roles, which only their services attach (IAM API reference, AttachRolePolicy:
// PolicyNotAttachable).
func (e *policyEntry) checkAttachable() error {
	if e.policy.Account == awsAccount && strings.HasPrefix(e.policy.Path, linkedPrefix) {
		return refusef("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
	}
	return nil
}

// linkedPrefix begins the paths of service-linked roles and of AWS's policies for them.
const linkedPrefix = "/aws-service-role/"

// linkedPath is the path of a service's roles, which nobody else can make (IAM User Guide, "Using service-linked roles").
func linkedPath(service string) string { return linkedPrefix + service + "/" }

// CreateServiceLinkedRole makes the role that is linked to a service. Its trust and its policies are AWS's to change; of the managed policies
// those are attached that the plane knows.
func (d *Directory) CreateServiceLinkedRole(ctx context.Context, caller Caller, in CreateServiceLinkedRoleInput) (Role, error) {
	service := in.AWSServiceName
	linked, known := linkedRoles[service]
	name := linked.role
	if in.CustomSuffix != "" {
		name += "_" + in.CustomSuffix
	}
	c := onNew("CreateServiceLinkedRole", "role"+linkedPath(service)+name, "", in, nil, "")
	c.keys = conditions{"iam:AWSServiceName": {service}}
	var out Role
	err := d.change(ctx, caller, c, func(tx *draft) (err error) {
		switch {
		case !known:
			return refusef("InvalidInput", "Service role cannot be created for %s: no service-linked role of that service is known.", service)
		case in.CustomSuffix != "" && !linked.suffix:
			return refusef("InvalidInput", "Custom suffix is not allowed for %s", service)
		}
		if existing, err := tx.identity(OfRole(name)); err == nil {
			return refusef("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", existing.identity.Name)
		}
		out = Role{
			Identity: Identity{Name: name, Path: linkedPath(service)}, Description: in.Description, MaxSessionDuration: shortestSession * time.Second, ServiceLinked: service,
			TrustPolicy: fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service),
		}
		if arn := awsPolicyARN(tx.partition, "aws-service-role/"+linked.policy); tx.aws[arn] != nil {
			out.Attached = []string{arn}
		}
		out, err = tx.createRole(out)
		return err
	})
	return out, err
}

// DeleteServiceLinkedRole deletes a service-linked role and returns the id of the deletion, which is done when it is answered: no service here
// uses the role.
func (d *Directory) DeleteServiceLinkedRole(ctx context.Context, caller Caller, in IdentityInput) (taskID string, err error) {
	c := onIdentity("DeleteServiceLinkedRole", in, in.IdentityName)
	err = d.change(ctx, caller, c, func(tx *draft) error {
		entry, ok := tx.roles[strings.ToLower(in.RoleName)]
		switch {
		case !ok:
			return noSuchIdentity(in.IdentityName)
		case entry.role.ServiceLinked == "":
			// Of the errors that IAM's reference lists for this call, the one that fits.
			return refusef("NoSuchEntity", "The role with name %s is not a service-linked role.", entry.role.Name)
		}
		taskID = "task" + entry.role.Path + entry.role.Name + "/" + entry.role.ID
		tx.remove(recordKey(tx.id, kindRole, strings.ToLower(in.RoleName)), entry.revision)
		tx.forgetUse(entry.role.ID)
		return nil
	})
	return taskID, err
}

func (in DeletionTaskInput) validate(v *validator) {
	if v.required("deletionTaskId", in.DeletionTaskID) {
		v.length("deletionTaskId", in.DeletionTaskID, 1, 1000)
	}
}

// GetServiceLinkedRoleDeletionStatus tells how a deletion went. A role that is gone was deleted.
func (d *Directory) GetServiceLinkedRoleDeletionStatus(ctx context.Context, caller Caller, in DeletionTaskInput) (string, error) {
	part := strings.Split(in.DeletionTaskID, "/") // task/aws-service-role/<service>/<role>/<unique id>
	c := call{name: "GetServiceLinkedRoleDeletionStatus", in: in, on: func(a *Account) target {
		if len(part) != 5 {
			return target{resource: a.arn("role/aws-service-role/*")}
		}
		return target{resource: a.arn("role" + linkedPath(part[2]) + part[3])}
	}}
	return read(ctx, d, caller, c, func(a *Account) (string, error) {
		if len(part) != 5 || part[0] != "task" || part[1] != "aws-service-role" || !strings.HasPrefix(part[4], RoleKind.rules().prefix) || a.roleIDs[part[4]] != nil {
			return "", refusef("NoSuchEntity", "The deletion task %s cannot be found.", shorten(in.DeletionTaskID))
		}
		return "SUCCEEDED", nil
	})
}
