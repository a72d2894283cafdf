package awsapi

import (
	"context"
	"encoding/xml"

	"github.com/openirsa/openirsa/iam"
)

// absentOperations are reads and deletions of what no user of a plane has: passwords, MFA devices, certificates and the like. Clients ask for
// them on their way, Terraform before it deletes a user. Each is authorized and recorded as any other call.
func absentOperations(d *iam.Directory) map[string]operation {
	table := map[string]operation{}
	for name, list := range map[string]string{
		"ListMFADevices": "MFADevices", "ListVirtualMFADevices": "VirtualMFADevices", "ListSigningCertificates": "Certificates",
		"ListSSHPublicKeys": "SSHPublicKeys", "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
		"ListServerCertificates": "ServerCertificateMetadataList", "ListSAMLProviders": "SAMLProviderList",
	} {
		table[name] = query(decodeAbsent, func(ctx context.Context, caller iam.Caller, in iam.AbsentInput) (string, error) {
			return list, d.ListAbsent(ctx, caller, name, in)
		}, func(list string) any { return emptyList{list} })
	}
	loginProfile := func(_ iam.Caller, user string) string { return "Login Profile for User " + user }
	for name, what := range map[string]func(caller iam.Caller, user string) string{
		"GetLoginProfile":    loginProfile,
		"DeleteLoginProfile": loginProfile,
		"GetAccountPasswordPolicy": func(c iam.Caller, _ string) string {
			return "The Password Policy with domain name " + c.Principal.Account
		},
		"DeleteAccountPasswordPolicy": func(iam.Caller, string) string { return "The account policy with name PasswordPolicy" },
	} {
		table[name] = change(decodeAbsent, func(ctx context.Context, caller iam.Caller, in iam.AbsentInput) error {
			return d.GetAbsent(ctx, caller, name, what(caller, in.UserName), in)
		})
	}
	return table
}

// decodeAbsent takes the parameters that these calls have among them.
func decodeAbsent(f *form) iam.AbsentInput {
	f.text("PathPrefix")
	f.text("ServiceName")
	f.text("AssignmentStatus")
	return iam.AbsentInput{UserName: f.text("UserName"), Paging: decodePaging(f)}
}

// emptyList is a list answer under the name that the operation gives it.
type emptyList struct{ name string }

// MarshalXML writes the list and the page's end.
func (l emptyList) MarshalXML(encoder *xml.Encoder, start xml.StartElement) error {
	if err := encoder.EncodeToken(start); err != nil {
		return err
	}
	if err := encoder.EncodeElement(members[string]{}, xml.StartElement{Name: xml.Name{Local: l.name}}); err != nil {
		return err
	}
	if err := encoder.EncodeElement(false, xml.StartElement{Name: xml.Name{Local: "IsTruncated"}}); err != nil {
		return err
	}
	return encoder.EncodeToken(start.End())
}
