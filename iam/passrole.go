package iam

import (
	"context"
	"errors"
	"strings"
)

// PassedRole is a role that a request hands to a service: what iam:PassRole is decided on (IAM User Guide, "Grant a user permissions to pass a role to
// an AWS service").
type PassedRole struct {
	ARN string
	// Keys are the condition keys of its tags: aws:ResourceTag/… and iam:ResourceTag/….
	Keys map[string][]string
}

// PassedRole finds a role of an account by its name or its ARN. Of one that is not there ok is false; a door that was given an ARN decides on that then.
// The error is an *Error ServiceFailure.
func (d *Directory) PassedRole(ctx context.Context, account, nameOrARN string) (role PassedRole, ok bool, err error) {
	a, err := d.ownerOf(ctx, account, "", "")
	if err != nil || a == nil {
		return PassedRole{}, false, err
	}
	entry, ok := a.roles[lastName(nameOrARN)]
	if !ok || strings.HasPrefix(nameOrARN, "arn:") && entry.role.ARN != nameOrARN {
		return PassedRole{}, false, nil
	}
	return entry.passed(), true, nil
}

// ProfileRole finds the role in an instance profile of an account, by the profile's name or its ARN. Errors and ok are as PassedRole's; a profile
// without a role has none.
func (d *Directory) ProfileRole(ctx context.Context, account, nameOrARN string) (role PassedRole, ok bool, err error) {
	a, err := d.ownerOf(ctx, account, "", "")
	if err != nil || a == nil {
		return PassedRole{}, false, err
	}
	profile, err := a.profile(lastName(nameOrARN))
	if refusal, is := errors.AsType[*Error](err); is && refusal.Code == "NoSuchEntity" {
		return PassedRole{}, false, nil
	}
	if err != nil || strings.HasPrefix(nameOrARN, "arn:") && profile.profile.ARN != nameOrARN {
		return PassedRole{}, false, err
	}
	entry, ok := a.roleIDs[profile.profile.RoleID]
	if !ok {
		return PassedRole{}, false, nil
	}
	return entry.passed(), true, nil
}

func (e *roleEntry) passed() PassedRole {
	return PassedRole{ARN: e.role.ARN, Keys: resourceTags(e.role.Tags)}
}

// lastName is the name under which a snapshot has what a name or an ARN means.
func lastName(nameOrARN string) string {
	return strings.ToLower(nameOrARN[strings.LastIndexByte(nameOrARN, '/')+1:])
}
