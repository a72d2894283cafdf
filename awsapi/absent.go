package awsapi

import (
	"context"
	"encoding/xml"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

// absentOperations are reads and deletions of what no user of a plane has: passwords, MFA devices, certificates and the like. Clients ask for
// them on their way, Terraform before it deletes a user. Each is authorized and recorded as any other call. The sentences are those that AWS was
// recorded to answer (localstack's snapshots, February 2026).
func absentOperations(d *iam.Directory) map[string]operation {
	table := map[string]operation{}
	for name, list := range map[string]string{
		"ListMFADevices": "MFADevices", "ListVirtualMFADevices": "VirtualMFADevices", "ListSigningCertificates": "Certificates",
		"ListSSHPublicKeys": "SSHPublicKeys", "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
		"ListServerCertificates": "ServerCertificateMetadataList", "ListSAMLProviders": "SAMLProviderList",
	} {
		table[name] = query(decodeAbsent, func(ctx context.Context, caller iam.Caller, in iam.AbsentInput) (string, error) {
			return list, d.ListAbsent(ctx, caller, name, in)
		}, func(list string) any { return emptyList{list, list != "SAMLProviderList"} })
	}
	for name, one := range absentThings {
		table[name] = change(func(f *form) iam.AbsentInput {
			if one.required != "" {
				f.required(one.required)
			}
			return decodeAbsent(f)
		}, func(ctx context.Context, caller iam.Caller, in iam.AbsentInput) error {
			message := strings.NewReplacer("{account}", caller.Principal.Account, "{name}", in.Name()).Replace(one.message)
			return d.GetAbsent(ctx, caller, name, &iam.Error{Code: one.code, Message: message}, in)
		})
	}
	return table
}

// absentThings are the calls on one thing: the parameter that must name it, and the answer.
var absentThings = map[string]struct{ required, code, message string }{
	"GetLoginProfile":             {"", "NoSuchEntity", "Login Profile for User {name} cannot be found."},
	"DeleteLoginProfile":          {"", "NoSuchEntity", "Login Profile for User {name} cannot be found."},
	"GetAccountPasswordPolicy":    {"", "NoSuchEntity", "The Password Policy with domain name {account} cannot be found."},
	"DeleteAccountPasswordPolicy": {"", "NoSuchEntity", "The account policy with name PasswordPolicy cannot be found."},
	"GetCredentialReport":         {"", "ReportNotPresent", ""}, // AWS says nothing but the code
	"GetSSHPublicKey":             {"SSHPublicKeyId", "NoSuchEntity", "The Public Key with id {name} cannot be found."},
	"DeleteSSHPublicKey":          {"SSHPublicKeyId", "NoSuchEntity", "The Public Key with id {name} cannot be found."},
	"DeleteSigningCertificate":    {"CertificateId", "NoSuchEntity", "The Certificate with id {name} cannot be found."},
	"GetServerCertificate":        {"ServerCertificateName", "NoSuchEntity", "The Server Certificate with name {name} cannot be found."},
	"DeleteServerCertificate":     {"ServerCertificateName", "NoSuchEntity", "The Server Certificate with name {name} cannot be found."},
	"DeactivateMFADevice":         {"SerialNumber", "NoSuchEntity", "MFA Device with serial number {name} does not exist."},
	"DeleteVirtualMFADevice":      {"SerialNumber", "NoSuchEntity", "MFA Device with serial number {name} does not exist."},
	"GetSAMLProvider":             {"SAMLProviderArn", "NoSuchEntity", "Manifest not found for arn {name}"},
	"DeleteSAMLProvider":          {"SAMLProviderArn", "NoSuchEntity", "Manifest not found for arn {name}"},
}

// decodeAbsent takes the parameters that these calls have among them.
func decodeAbsent(f *form) iam.AbsentInput {
	f.text("PathPrefix")
	f.text("ServiceName")
	f.text("AssignmentStatus")
	f.text("Encoding")
	return iam.AbsentInput{
		UserName: f.text("UserName"), SSHPublicKeyID: f.text("SSHPublicKeyId"), CertificateID: f.text("CertificateId"),
		ServerCertificateName: f.text("ServerCertificateName"), SerialNumber: f.text("SerialNumber"), SAMLProviderARN: f.text("SAMLProviderArn"),
		Paging: decodePaging(f),
	}
}

// emptyList is a list answer under the name that the operation gives it, with the page's end if the operation has pages.
type emptyList struct {
	name  string
	paged bool
}

// MarshalXML writes the list and the page's end.
func (l emptyList) MarshalXML(encoder *xml.Encoder, start xml.StartElement) error {
	if err := encoder.EncodeToken(start); err != nil {
		return err
	}
	if err := encoder.EncodeElement(members[string]{}, xml.StartElement{Name: xml.Name{Local: l.name}}); err != nil {
		return err
	}
	if l.paged {
		if err := encoder.EncodeElement(false, xml.StartElement{Name: xml.Name{Local: "IsTruncated"}}); err != nil {
			return err
		}
	}
	return encoder.EncodeToken(start.End())
}
