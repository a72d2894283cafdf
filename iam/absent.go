package iam

import "context"

// AbsentInput names the user of whom something is asked that no user here has; "": the account.
type AbsentInput struct {
	UserName string `json:"userName,omitempty"`
	Paging
}

func (in AbsentInput) validate(v *validator) {
	if in.UserName != "" {
		OfUser(in.UserName).validate(v)
	}
	in.Paging.validate(v)
}

// ListAbsent answers, under the operation's own name and permission, a list of what a plane does not keep: passwords, MFA devices, certificates,
// SSH keys, SAML providers. Clients ask on their way to something else. The list is empty.
func (d *Directory) ListAbsent(ctx context.Context, caller Caller, operation string, in AbsentInput) error {
	return d.readAbsent(ctx, caller, operation, in, nil)
}

// GetAbsent is ListAbsent for one thing: it answers that what (a few words) cannot be found.
func (d *Directory) GetAbsent(ctx context.Context, caller Caller, operation, what string, in AbsentInput) error {
	return d.readAbsent(ctx, caller, operation, in, refusef("NoSuchEntity", "%s cannot be found.", what))
}

func (d *Directory) readAbsent(ctx context.Context, caller Caller, operation string, in AbsentInput, answer *Error) error {
	c := onAccount(operation, in)
	if in.UserName != "" {
		c = onIdentity(operation, in, OfUser(in.UserName))
	}
	_, err := read(ctx, d, caller, c, func(a *Account) (struct{}, error) {
		if in.UserName != "" {
			if _, err := a.identity(OfUser(in.UserName)); err != nil {
				return struct{}{}, err
			}
		}
		if answer != nil {
			return struct{}{}, answer
		}
		return struct{}{}, nil
	})
	return err
}
