package iam

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// checkBoundary answers NoSuchEntity if arn ("": none) is no managed policy of the account.
func (tx *draft) checkBoundary(arn string) error {
	if arn == "" {
		return nil
	}
	if _, err := tx.policy(arn); err != nil {
		return refusef("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return nil
}

func (in PutRolePermissionsBoundaryInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.policyARN("permissionsBoundary", in.PermissionsBoundary)
}

// PutRolePermissionsBoundary sets or replaces a role's boundary.
func (d *Directory) PutRolePermissionsBoundary(ctx context.Context, caller Caller, in PutRolePermissionsBoundaryInput) error {
	c := onRole("PutRolePermissionsBoundary", in, in.RoleName)
	c.keys = conditions{"iam:PermissionsBoundary": {in.PermissionsBoundary}}
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(tx *draft, r *roleRecord) error {
		r.BoundaryARN = in.PermissionsBoundary
		return tx.checkBoundary(in.PermissionsBoundary)
	})
	return err
}

// DeleteRolePermissionsBoundary removes a role's boundary, if it has one.
func (d *Directory) DeleteRolePermissionsBoundary(ctx context.Context, caller Caller, in RoleInput) error {
	c := onRole("DeleteRolePermissionsBoundary", in, in.RoleName)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) error {
		r.BoundaryARN = ""
		return nil
	})
	return err
}

func (in PutRolePolicyInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.policyName(in.PolicyName)
	v.document("policyDocument", in.PolicyDocument)
}

// PutRolePolicy adds an inline policy, or replaces the one with that name. Unlike roles, inline policies are told apart by case.
func (d *Directory) PutRolePolicy(ctx context.Context, caller Caller, in PutRolePolicyInput) error {
	c := onRole("PutRolePolicy", in, in.RoleName)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) error {
		if _, err := checkIdentity(in.PolicyName, in.PolicyDocument); err != nil {
			return err
		}
		inline := maps.Clone(r.Inline)
		if inline == nil {
			inline = map[string]string{}
		}
		inline[in.PolicyName] = in.PolicyDocument
		r.Inline = inline
		if size, err := inlineSize(inline); err != nil {
			return err
		} else if size > maxInlinePolicy {
			return refusef("LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", maxInlinePolicy, r.Name)
		}
		return nil
	})
	return err
}

func (in RolePolicyInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.policyName(in.PolicyName)
}

func noSuchRolePolicy(name string) *Error {
	return refusef("NoSuchEntity", "The role policy with name %s cannot be found.", name)
}

// GetRolePolicy returns an inline policy.
func (d *Directory) GetRolePolicy(ctx context.Context, caller Caller, in RolePolicyInput) (RolePolicy, error) {
	return read(ctx, d, caller, onRole("GetRolePolicy", in, in.RoleName), func(a *Account) (RolePolicy, error) {
		entry, err := a.role(in.RoleName)
		if err != nil {
			return RolePolicy{}, err
		}
		document, ok := entry.role.Inline[in.PolicyName]
		if !ok {
			return RolePolicy{}, noSuchRolePolicy(in.PolicyName)
		}
		return RolePolicy{RoleName: entry.role.Name, PolicyName: in.PolicyName, PolicyDocument: document}, nil
	})
}

// ListRolePolicies lists the names of a role's inline policies.
func (d *Directory) ListRolePolicies(ctx context.Context, caller Caller, in ListByRoleInput) (Page[string], error) {
	return read(ctx, d, caller, onRole("ListRolePolicies", in, in.RoleName), func(a *Account) (Page[string], error) {
		entry, err := a.role(in.RoleName)
		if err != nil {
			return Page[string]{}, err
		}
		return page(slices.Collect(maps.Keys(entry.role.Inline)), sameName, in.Paging), nil
	})
}

// DeleteRolePolicy deletes an inline policy.
func (d *Directory) DeleteRolePolicy(ctx context.Context, caller Caller, in RolePolicyInput) error {
	c := onRole("DeleteRolePolicy", in, in.RoleName)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) error {
		if _, ok := r.Inline[in.PolicyName]; !ok {
			return noSuchRolePolicy(in.PolicyName)
		}
		r.Inline = maps.Clone(r.Inline)
		delete(r.Inline, in.PolicyName)
		return nil
	})
	return err
}

func (in RoleAttachmentInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.policyARN("policyArn", in.PolicyARN)
}

// onAttachment is a call on a role that AWS decides by the condition key iam:PolicyARN too.
func onAttachment(name string, in RoleAttachmentInput) call {
	c := onRole(name, in, in.RoleName)
	c.keys = conditions{"iam:PolicyARN": {in.PolicyARN}}
	return c
}

// AttachRolePolicy attaches a managed policy of the account. One that is attached already stays so.
func (d *Directory) AttachRolePolicy(ctx context.Context, caller Caller, in RoleAttachmentInput) error {
	c := onAttachment("AttachRolePolicy", in)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(tx *draft, r *roleRecord) error {
		if _, err := tx.policy(in.PolicyARN); err != nil {
			return err
		}
		if slices.Contains(r.Attached, in.PolicyARN) {
			return nil
		}
		if len(r.Attached) >= maxAttachedRolePolicies {
			return quota("PoliciesPerRole", maxAttachedRolePolicies)
		}
		r.Attached = append(slices.Clone(r.Attached), in.PolicyARN)
		return nil
	})
	return err
}

// DetachRolePolicy detaches a managed policy.
func (d *Directory) DetachRolePolicy(ctx context.Context, caller Caller, in RoleAttachmentInput) error {
	c := onAttachment("DetachRolePolicy", in)
	_, err := d.changeRole(ctx, caller, c, in.RoleName, func(_ *draft, r *roleRecord) error {
		i := slices.Index(r.Attached, in.PolicyARN)
		if i < 0 {
			return refusef("NoSuchEntity", "Policy %s was not found.", in.PolicyARN)
		}
		r.Attached = slices.Delete(slices.Clone(r.Attached), i, i+1)
		return nil
	})
	return err
}

func (in ListAttachedRolePoliciesInput) validate(v *validator) {
	v.roleName(in.RoleName)
	v.policyPath("pathPrefix", in.PathPrefix)
	in.Paging.validate(v)
}

// ListAttachedRolePolicies lists a role's managed policies by name.
func (d *Directory) ListAttachedRolePolicies(ctx context.Context, caller Caller, in ListAttachedRolePoliciesInput) (Page[AttachedPolicy], error) {
	c := onRole("ListAttachedRolePolicies", in, in.RoleName)
	return read(ctx, d, caller, c, func(a *Account) (Page[AttachedPolicy], error) {
		entry, err := a.role(in.RoleName)
		if err != nil {
			return Page[AttachedPolicy]{}, err
		}
		var attached []AttachedPolicy
		for _, arn := range entry.role.Attached {
			if p, err := a.policy(arn); err != nil {
				return Page[AttachedPolicy]{}, err
			} else if strings.HasPrefix(p.policy.Path, in.PathPrefix) {
				attached = append(attached, AttachedPolicy{PolicyName: p.policy.Name, PolicyARN: arn})
			}
		}
		return page(attached, func(p AttachedPolicy) string { return strings.ToLower(p.PolicyName) }, in.Paging), nil
	})
}
