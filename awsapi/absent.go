package awsapi

import (
	"context"
	"encoding/xml"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

// absentOperations are reads and deletions of what no plane has: passwords, MFA devices, certificates and the like. Clients ask for them on their
// way, Terraform before it deletes a user. Each is authorized and recorded as any other call.
func absentOperations(d *iam.Directory) map[string]operation {
	table := map[string]operation{}
	for name, c := range map[string]struct{ list, parameters string }{
		"ListMFADevices":                 {"MFADevices", "UserName"},
		"ListVirtualMFADevices":          {"VirtualMFADevices", "AssignmentStatus"},
		"ListSigningCertificates":        {"Certificates", "UserName"},
		"ListSSHPublicKeys":              {"SSHPublicKeys", "UserName"},
		"ListServiceSpecificCredentials": {"ServiceSpecificCredentials", "UserName ServiceName"},
		"ListServerCertificates":         {"ServerCertificateMetadataList", "PathPrefix"},
		"ListSAMLProviders":              {"SAMLProviderList", ""},
	} {
		paged := name != "ListSAMLProviders"
		table[name] = query(decodeAbsent(c.parameters, paged), absent(d, name), func(struct{}) any { return emptyList{c.list, paged} })
	}
	for name, parameters := range map[string]string{
		"GetLoginProfile":             "UserName",
		"DeleteLoginProfile":          "UserName",
		"GetAccountPasswordPolicy":    "",
		"DeleteAccountPasswordPolicy": "",
		"GetCredentialReport":         "",
		"GetSSHPublicKey":             "UserName! SSHPublicKeyId! Encoding!",
		"DeleteSSHPublicKey":          "UserName! SSHPublicKeyId!",
		"DeleteSigningCertificate":    "UserName CertificateId!",
		"GetServerCertificate":        "ServerCertificateName!",
		"DeleteServerCertificate":     "ServerCertificateName!",
		"DeactivateMFADevice":         "UserName SerialNumber!",
		"DeleteVirtualMFADevice":      "SerialNumber!",
		"GetSAMLProvider":             "SAMLProviderArn!",
		"DeleteSAMLProvider":          "SAMLProviderArn!",
	} {
		table[name] = query(decodeAbsent(parameters, false), absent(d, name), func(struct{}) any { return nil })
	}
	return table
}

func absent(d *iam.Directory, name string) func(context.Context, iam.Caller, iam.AbsentInput) (struct{}, error) {
	return func(ctx context.Context, caller iam.Caller, in iam.AbsentInput) (struct{}, error) {
		return struct{}{}, d.Absent(ctx, caller, name, in)
	}
}

// decodeAbsent takes the parameters that are named, those with a ! as required ones. What is not in the input narrows a list that is empty.
func decodeAbsent(parameters string, paged bool) func(*form) iam.AbsentInput {
	return func(f *form) iam.AbsentInput {
		given := map[string]string{}
		for _, parameter := range strings.Fields(parameters) {
			if name, required := strings.CutSuffix(parameter, "!"); required {
				given[name] = f.required(name)
			} else {
				given[name] = f.text(name)
			}
		}
		in := iam.AbsentInput{
			SSHPublicKeyID: given["SSHPublicKeyId"], CertificateID: given["CertificateId"], ServerCertificateName: given["ServerCertificateName"],
			SerialNumber: given["SerialNumber"], SAMLProviderARN: given["SAMLProviderArn"],
		}
		if name := given["UserName"]; name != "" {
			in.UserName = &name
		}
		if paged {
			in.Paging = decodePaging(f)
		}
		return in
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
