package iam

import (
	"cmp"
	"context"
	"strings"
)

// AbsentInput names what is asked about though no plane has it; what is empty was not asked for. Without a user or a thing it is the account.
type AbsentInput struct {
	UserName              string `json:"userName,omitempty"`
	SSHPublicKeyID        string `json:"sSHPublicKeyId,omitempty"`
	CertificateID         string `json:"certificateId,omitempty"`
	ServerCertificateName string `json:"serverCertificateName,omitempty"`
	SerialNumber          string `json:"serialNumber,omitempty"` // of an MFA device; an ARN if it is virtual
	SAMLProviderARN       string `json:"sAMLProviderArn,omitempty"`
	Paging
}

// Name is what AWS's sentence calls the thing that is asked about: its own name, else the user's.
func (in AbsentInput) Name() string {
	return cmp.Or(in.SSHPublicKeyID, in.CertificateID, in.ServerCertificateName, in.SerialNumber, in.SAMLProviderARN, in.UserName)
}

func (in AbsentInput) validate(v *validator) {
	if in.UserName != "" {
		OfUser(in.UserName).validate(v)
	}
	for _, id := range []struct {
		member, value     string
		shortest, longest int
		punctuation       string
	}{
		{"sSHPublicKeyId", in.SSHPublicKeyID, 20, 128, ""},
		{"certificateId", in.CertificateID, 24, 128, ""},
		{"serverCertificateName", in.ServerCertificateName, 1, 128, "+=,.@-"},
		{"serialNumber", in.SerialNumber, 9, 256, "+=/:,.@-"},
	} {
		if id.value != "" {
			v.length(id.member, id.value, id.shortest, id.longest)
			v.pattern(id.member, id.value, `[\w`+id.punctuation+`]+`, func(r rune) bool { return isWord(r) || strings.ContainsRune(id.punctuation, r) })
		}
	}
	if in.SAMLProviderARN != "" {
		v.arn("sAMLProviderArn", in.SAMLProviderARN)
	}
	in.Paging.validate(v)
}

// on is the call on what is asked about.
func (in AbsentInput) on(operation string) call {
	if in.UserName != "" {
		return onIdentity(operation, in, OfUser(in.UserName))
	}
	return call{name: operation, in: in, on: func(a *Account) target {
		switch {
		case in.ServerCertificateName != "":
			return target{resource: a.arn("server-certificate/" + in.ServerCertificateName)}
		case in.SAMLProviderARN != "":
			return target{resource: in.SAMLProviderARN}
		case strings.HasPrefix(in.SerialNumber, "arn:"):
			return target{resource: in.SerialNumber}
		case in.SerialNumber != "":
			return target{resource: a.arn("mfa/" + in.SerialNumber)}
		}
		return target{resource: "*"}
	}}
}

// ListAbsent answers, under the operation's own name and permission, a list of what a plane does not keep: passwords, MFA devices, certificates,
// SSH keys, SAML providers. Clients ask on their way to something else. The list is empty.
func (d *Directory) ListAbsent(ctx context.Context, caller Caller, operation string, in AbsentInput) error {
	return d.readAbsent(ctx, caller, operation, in, nil)
}

// GetAbsent is ListAbsent for one thing: it answers answer, which says that it cannot be found.
func (d *Directory) GetAbsent(ctx context.Context, caller Caller, operation string, answer *Error, in AbsentInput) error {
	return d.readAbsent(ctx, caller, operation, in, answer)
}

func (d *Directory) readAbsent(ctx context.Context, caller Caller, operation string, in AbsentInput, answer *Error) error {
	_, err := read(ctx, d, caller, in.on(operation), func(a *Account) (struct{}, error) {
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
