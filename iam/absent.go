package iam

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// AbsentInput names what is asked about though no plane has it; what is empty was not asked for.
type AbsentInput struct {
	UserName              *string `json:"userName,omitempty"` // nil: the caller, in calls about what is a user's
	SSHPublicKeyID        string  `json:"sSHPublicKeyId,omitempty"`
	CertificateID         string  `json:"certificateId,omitempty"`
	ServerCertificateName string  `json:"serverCertificateName,omitempty"`
	SerialNumber          string  `json:"serialNumber,omitempty"` // of an MFA device; an ARN if it is virtual
	SAMLProviderARN       string  `json:"sAMLProviderArn,omitempty"`
	Paging
}

func (in AbsentInput) validate(v *validator) {
	v.userName(in.UserName)
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

// ofUser tells whether an operation is about what a user has: those whose resource type is user (Service Authorization Reference, IAM).
func ofUser(operation string) bool {
	switch operation {
	case "GetLoginProfile", "DeleteLoginProfile", "ListMFADevices", "DeactivateMFADevice", "ListSSHPublicKeys", "GetSSHPublicKey", "DeleteSSHPublicKey",
		"ListSigningCertificates", "DeleteSigningCertificate", "ListServiceSpecificCredentials":
		return true
	}
	return false
}

// on is the call on what is asked about.
func (in AbsentInput) on(operation string, caller Caller) call {
	if ofUser(operation) {
		return onUser(operation, in, caller, in.UserName)
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

// Absent answers, under the operation's own name and permission, a call about what a plane does not keep: passwords, MFA devices, certificates,
// SSH keys, SAML providers. Clients make them on their way to something else. nil is the answer of a list, which is empty; of one thing the error
// says that it is not there.
func (d *Directory) Absent(ctx context.Context, caller Caller, operation string, in AbsentInput) error {
	c := in.on(operation, caller)
	if strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List") {
		_, err := read(ctx, d, caller, c, func(a *Account) (struct{}, error) { return struct{}{}, in.absence(a, caller, operation) })
		return err
	}
	return d.change(ctx, caller, c, func(tx *draft) error { return in.absence(tx.Account, caller, operation) })
}

// absence has the sentences that AWS was recorded to answer (localstack's snapshots, February 2026).
func (in AbsentInput) absence(a *Account, caller Caller, operation string) error {
	owner := &User{}
	if ofUser(operation) && !ownRoot(caller, in.UserName) {
		var err error
		if owner, err = a.userOf(caller, in.UserName); err != nil {
			return err
		}
	}
	switch operation {
	case "ListMFADevices", "ListVirtualMFADevices", "ListSigningCertificates", "ListSSHPublicKeys", "ListServiceSpecificCredentials",
		"ListServerCertificates", "ListSAMLProviders":
		return nil
	case "GetLoginProfile", "DeleteLoginProfile":
		return refusef("NoSuchEntity", "Login Profile for User %s cannot be found.", cmp.Or(owner.Name, a.id))
	case "GetAccountPasswordPolicy":
		return refusef("NoSuchEntity", "The Password Policy with domain name %s cannot be found.", a.id)
	case "DeleteAccountPasswordPolicy":
		return refusef("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")
	case "GetCredentialReport":
		return &Error{Code: "ReportNotPresent"} // AWS says nothing but the code
	case "GetSSHPublicKey", "DeleteSSHPublicKey":
		return refusef("NoSuchEntity", "The Public Key with id %s cannot be found.", in.SSHPublicKeyID)
	case "DeleteSigningCertificate":
		return refusef("NoSuchEntity", "The Certificate with id %s cannot be found.", in.CertificateID)
	case "GetServerCertificate", "DeleteServerCertificate":
		return refusef("NoSuchEntity", "The Server Certificate with name %s cannot be found.", in.ServerCertificateName)
	case "DeactivateMFADevice", "DeleteVirtualMFADevice":
		return refusef("NoSuchEntity", "MFA Device with serial number %s does not exist.", in.SerialNumber)
	case "GetSAMLProvider", "DeleteSAMLProvider":
		return refusef("NoSuchEntity", "Manifest not found for arn %s", in.SAMLProviderARN)
	}
	return failure(fmt.Errorf("%s is no call about what a plane does not keep", operation))
}
