package iam

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// checkBoundary answers NoSuchEntity if arn ("": none) is no managed policy of the account or of AWS, and PolicyNotAttachable if it is a
// service-linked role's.
func (tx *draft) checkBoundary(arn string) error {
	if arn == "" {
		return nil
	}
	entry, err := tx.policy(arn)
	if err != nil {
		return refusef("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return entry.checkAttachable()
}

func (in BoundaryInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.policyARN("permissionsBoundary", in.PermissionsBoundary)
}

// PutPermissionsBoundary is PutRolePermissionsBoundary and PutUserPermissionsBoundary: it sets or replaces a boundary.
func (d *Directory) PutPermissionsBoundary(ctx context.Context, caller Caller, in BoundaryInput) error {
	c := onIdentity("Put%PermissionsBoundary", in, in.IdentityName)
	c.keys = conditions{"iam:PermissionsBoundary": {in.PermissionsBoundary}}
	return d.changePermissions(ctx, caller, c, in.IdentityName, func(tx *draft, i *Identity) error {
		i.BoundaryARN = in.PermissionsBoundary
		return tx.checkBoundary(in.PermissionsBoundary)
	})
}

// DeletePermissionsBoundary is DeleteRolePermissionsBoundary and DeleteUserPermissionsBoundary: it removes a boundary, if there is one.
func (d *Directory) DeletePermissionsBoundary(ctx context.Context, caller Caller, in IdentityInput) error {
	c := onIdentity("Delete%PermissionsBoundary", in, in.IdentityName)
	return d.changePermissions(ctx, caller, c, in.IdentityName, func(_ *draft, i *Identity) error {
		i.BoundaryARN = ""
		return nil
	})
}

func (in PutPolicyInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.policyName(in.PolicyName)
	v.document("policyDocument", in.PolicyDocument)
}

// PutPolicy is PutRolePolicy, PutUserPolicy and PutGroupPolicy: it adds an inline policy, or replaces the one with that name. Unlike
// identities, inline policies are told apart by case.
func (d *Directory) PutPolicy(ctx context.Context, caller Caller, in PutPolicyInput) error {
	c := onIdentity("Put%Policy", in, in.IdentityName)
	return d.changePermissions(ctx, caller, c, in.IdentityName, func(_ *draft, i *Identity) error {
		if _, err := checkIdentity(in.PolicyName, in.PolicyDocument); err != nil {
			return err
		}
		inline := maps.Clone(i.Inline)
		if inline == nil {
			inline = map[string]string{}
		}
		inline[in.PolicyName] = in.PolicyDocument
		i.Inline = inline
		rules := in.Kind.rules()
		if size, err := inlineSize(inline); err != nil {
			return err
		} else if size > rules.maxInline {
			return refusef("LimitExceeded", "Maximum policy size of %d bytes exceeded for %s %s", rules.maxInline, rules.word, i.Name)
		}
		return nil
	})
}

func (in InlinePolicyInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.policyName(in.PolicyName)
}

func noSuchInlinePolicy(in InlinePolicyInput) *Error {
	return refusef("NoSuchEntity", "The %s policy with name %s cannot be found.", in.Kind.rules().word, in.PolicyName)
}

// InlinePolicy is GetRolePolicy, GetUserPolicy and GetGroupPolicy.
func (d *Directory) InlinePolicy(ctx context.Context, caller Caller, in InlinePolicyInput) (InlinePolicy, error) {
	c := onIdentity("Get%Policy", in, in.IdentityName)
	return readIdentity(ctx, d, caller, c, in.IdentityName, func(_ *Account, i *Identity) (InlinePolicy, error) {
		document, ok := i.Inline[in.PolicyName]
		if !ok {
			return InlinePolicy{}, noSuchInlinePolicy(in)
		}
		return InlinePolicy{IdentityName: in.Kind.named(i.Name), PolicyName: in.PolicyName, PolicyDocument: document}, nil
	})
}

// InlinePolicies is ListRolePolicies, ListUserPolicies and ListGroupPolicies: the names of the inline policies.
func (d *Directory) InlinePolicies(ctx context.Context, caller Caller, in ListByIdentityInput) (Page[string], error) {
	c := onIdentity("List%Policies", in, in.IdentityName)
	return readIdentity(ctx, d, caller, c, in.IdentityName, func(_ *Account, i *Identity) (Page[string], error) {
		return page(slices.Collect(maps.Keys(i.Inline)), sameName, in.Paging), nil
	})
}

// DeleteInlinePolicy is DeleteRolePolicy, DeleteUserPolicy and DeleteGroupPolicy.
func (d *Directory) DeleteInlinePolicy(ctx context.Context, caller Caller, in InlinePolicyInput) error {
	c := onIdentity("Delete%Policy", in, in.IdentityName)
	return d.changePermissions(ctx, caller, c, in.IdentityName, func(_ *draft, i *Identity) error {
		if _, ok := i.Inline[in.PolicyName]; !ok {
			return noSuchInlinePolicy(in)
		}
		i.Inline = maps.Clone(i.Inline)
		delete(i.Inline, in.PolicyName)
		return nil
	})
}

func (in AttachmentInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.policyARN("policyArn", in.PolicyARN)
}

// onAttachment is a call on an identity that AWS decides by the condition key iam:PolicyARN too.
func onAttachment(template string, in AttachmentInput) call {
	c := onIdentity(template, in, in.IdentityName)
	c.keys = conditions{"iam:PolicyARN": {in.PolicyARN}}
	return c
}

// AttachPolicy is AttachRolePolicy, AttachUserPolicy and AttachGroupPolicy. A managed policy that is attached already stays so.
func (d *Directory) AttachPolicy(ctx context.Context, caller Caller, in AttachmentInput) error {
	c := onAttachment("Attach%Policy", in)
	return d.changePermissions(ctx, caller, c, in.IdentityName, func(tx *draft, i *Identity) error {
		entry, err := tx.policy(in.PolicyARN)
		if err != nil {
			return err
		}
		if err := entry.checkAttachable(); err != nil {
			return err
		}
		if slices.Contains(i.Attached, in.PolicyARN) {
			return nil
		}
		if rules := in.Kind.rules(); len(i.Attached) >= rules.maxAttached {
			return quota(rules.attachedQuota, rules.maxAttached)
		}
		i.Attached = append(slices.Clone(i.Attached), in.PolicyARN)
		return nil
	})
}

// DetachPolicy is DetachRolePolicy, DetachUserPolicy and DetachGroupPolicy.
func (d *Directory) DetachPolicy(ctx context.Context, caller Caller, in AttachmentInput) error {
	c := onAttachment("Detach%Policy", in)
	return d.changePermissions(ctx, caller, c, in.IdentityName, func(_ *draft, identity *Identity) error {
		i := slices.Index(identity.Attached, in.PolicyARN)
		if i < 0 {
			return refusef("NoSuchEntity", "Policy %s was not found.", in.PolicyARN)
		}
		identity.Attached = slices.Delete(slices.Clone(identity.Attached), i, i+1)
		return nil
	})
}

func (in ListAttachedInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.pathPrefix(in.PathPrefix)
	in.Paging.validate(v)
}

// AttachedPolicies is ListAttachedRolePolicies, ListAttachedUserPolicies and ListAttachedGroupPolicies: the managed policies by name.
func (d *Directory) AttachedPolicies(ctx context.Context, caller Caller, in ListAttachedInput) (Page[AttachedPolicy], error) {
	c := onIdentity("ListAttached%Policies", in, in.IdentityName)
	return readIdentity(ctx, d, caller, c, in.IdentityName, func(a *Account, i *Identity) (Page[AttachedPolicy], error) {
		attached, err := a.attached(i, in.PathPrefix)
		return page(attached, attachedKey, in.Paging), err
	})
}

// attachedKey sorts policies by name. One of the account's may have the name of one of AWS's.
func attachedKey(p AttachedPolicy) string { return p.PolicyName + " " + p.PolicyARN }

// attached are the managed policies of an identity whose path begins with prefix, by name.
func (a *Account) attached(i *Identity, prefix string) ([]AttachedPolicy, error) {
	var attached []AttachedPolicy
	for _, arn := range i.Attached {
		p, err := a.policy(arn)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(p.policy.Path, prefix) {
			attached = append(attached, AttachedPolicy{PolicyName: p.policy.Name, PolicyARN: arn})
		}
	}
	slices.SortFunc(attached, func(x, y AttachedPolicy) int { return strings.Compare(attachedKey(x), attachedKey(y)) })
	return attached, nil
}

func (in TagIdentityInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.requiredTags(in.Tags, foldedKeys)
}

// TagIdentity is TagRole and TagUser: it adds or replaces tags.
func (d *Directory) TagIdentity(ctx context.Context, caller Caller, in TagIdentityInput) error {
	c := onIdentity("Tag%", in, in.IdentityName)
	c.keys = requestTags(in.Tags)
	return d.changeIdentity(ctx, caller, c, in.IdentityName, func(_ *draft, i *Identity) (err error) {
		i.Tags, err = merge(i.Tags, in.Tags, foldedKeys)
		return err
	})
}

func (in UntagIdentityInput) validate(v *validator) {
	in.IdentityName.validate(v)
	v.tagKeys(in.TagKeys)
}

// UntagIdentity is UntagRole and UntagUser: it removes tags.
func (d *Directory) UntagIdentity(ctx context.Context, caller Caller, in UntagIdentityInput) error {
	c := onIdentity("Untag%", in, in.IdentityName)
	c.keys = tagKeys(in.TagKeys)
	return d.changeIdentity(ctx, caller, c, in.IdentityName, func(_ *draft, i *Identity) error {
		i.Tags = without(i.Tags, in.TagKeys, foldedKeys)
		return nil
	})
}

func (in ListByIdentityInput) validate(v *validator) {
	in.IdentityName.validate(v)
	in.Paging.validate(v)
}

// IdentityTags is ListRoleTags and ListUserTags: the tags by key.
func (d *Directory) IdentityTags(ctx context.Context, caller Caller, in ListByIdentityInput) (Page[Tag], error) {
	c := onIdentity("List%Tags", in, in.IdentityName)
	return readIdentity(ctx, d, caller, c, in.IdentityName, func(_ *Account, i *Identity) (Page[Tag], error) {
		return page(slices.Clone(i.Tags), tagKey, in.Paging), nil
	})
}
