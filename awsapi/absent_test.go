package awsapi_test

import (
	"net/http"
	"testing"
)

// TestAbsentThings: how AWS was recorded to answer about what no plane has (localstack's validated snapshots of February 2026: test_iam_users,
// test_iam_account_password_policy, test_iam_ssh_public_keys, test_iam_signing_certificates, test_iam_server_certificates, test_iam_mfa,
// test_iam_saml_providers, test_iam_credential_report).
func TestAbsentThings(t *testing.T) {
	p := newPlane(t)
	p.call(t, "CreateUser", "UserName=alice")
	const (
		key         = "SSHPublicKeyId=APKAXXXXXXXXXXXXXXXXX"
		certificate = "CertificateId=NONEXISTENTCERTID12345678901"
		device      = "arn:aws:iam::" + account + ":mfa/nonexistent-mfa"
		provider    = "arn:aws:iam::" + account + ":saml-provider/NonExistentProvider"
	)
	for _, c := range []struct{ action, form, message string }{
		{"GetLoginProfile", "UserName=alice", "Login Profile for User alice cannot be found."},
		{"DeleteLoginProfile", "UserName=alice", "Login Profile for User alice cannot be found."},
		{"DeleteLoginProfile", "UserName=nobody", "The user with name nobody cannot be found."},
		{"GetAccountPasswordPolicy", "", "The Password Policy with domain name " + account + " cannot be found."},
		{"DeleteAccountPasswordPolicy", "", "The account policy with name PasswordPolicy cannot be found."},
		{"GetSSHPublicKey", "UserName=alice&Encoding=SSH&" + key, "The Public Key with id APKAXXXXXXXXXXXXXXXXX cannot be found."},
		{"DeleteSSHPublicKey", "UserName=alice&" + key, "The Public Key with id APKAXXXXXXXXXXXXXXXXX cannot be found."},
		{"DeleteSigningCertificate", "UserName=alice&" + certificate, "The Certificate with id NONEXISTENTCERTID12345678901 cannot be found."},
		{"DeleteSigningCertificate", "UserName=nobody&" + certificate, "The user with name nobody cannot be found."},
		{"ListSigningCertificates", "UserName=nobody", "The user with name nobody cannot be found."},
		{"GetServerCertificate", "ServerCertificateName=absent", "The Server Certificate with name absent cannot be found."},
		{"DeleteServerCertificate", "ServerCertificateName=absent", "The Server Certificate with name absent cannot be found."},
		{"DeactivateMFADevice", "UserName=alice&SerialNumber=" + device, "MFA Device with serial number " + device + " does not exist."},
		{"DeactivateMFADevice", "UserName=nobody&SerialNumber=" + device, "The user with name nobody cannot be found."},
		{"DeleteVirtualMFADevice", "SerialNumber=" + device, "MFA Device with serial number " + device + " does not exist."},
		{"GetSAMLProvider", "SAMLProviderArn=" + provider, "Manifest not found for arn " + provider},
		{"DeleteSAMLProvider", "SAMLProviderArn=" + provider, "Manifest not found for arn " + provider},
	} {
		response, body := p.post(t, p.root, "iam", iamForm(t, c.action, c.form))
		if got := readRefusal(t, response, body); got.Code != "NoSuchEntity" || got.Message != c.message || got.Status != http.StatusNotFound {
			t.Errorf("%s %s: %+v", c.action, c.form, got)
		}
	}
	response, body := p.post(t, p.root, "iam", iamForm(t, "GetCredentialReport", ""))
	if got := readRefusal(t, response, body); got.Code != "ReportNotPresent" || got.Message != "" || got.Status != http.StatusGone {
		t.Errorf("GetCredentialReport: %+v", got)
	}
	// No call takes another's parameters, or does without its own.
	for _, c := range []struct{ action, form, code string }{
		{"ListMFADevices", "UserName=alice&Encoding=SSH", "InvalidQueryParameter"},
		{"DeleteSSHPublicKey", "UserName=alice", "ValidationError"},
	} {
		response, body := p.post(t, p.root, "iam", iamForm(t, c.action, c.form))
		if got := readRefusal(t, response, body); got.Code != c.code {
			t.Errorf("%s %s: %+v", c.action, c.form, got)
		}
	}
}

// TestAbsentLists: the empty lists in the same recordings. ListSAMLProviders has no pages (IAM's service model).
func TestAbsentLists(t *testing.T) {
	p := newPlane(t)
	p.call(t, "CreateUser", "UserName=alice")
	for _, c := range []struct{ action, form, want string }{
		{"ListMFADevices", "UserName=alice", "IsTruncated MFADevices"},
		{"ListVirtualMFADevices", "AssignmentStatus=Unassigned", "IsTruncated VirtualMFADevices"},
		{"ListSigningCertificates", "UserName=alice", "Certificates IsTruncated"},
		{"ListSSHPublicKeys", "UserName=alice", "IsTruncated SSHPublicKeys"},
		{"ListServiceSpecificCredentials", "UserName=alice&ServiceName=codecommit.amazonaws.com", "IsTruncated ServiceSpecificCredentials"},
		{"ListServerCertificates", "PathPrefix=/test-path/", "IsTruncated ServerCertificateMetadataList"},
		{"ListSAMLProviders", "", "SAMLProviderList"},
	} {
		if got, want := outlineOf(t, p.call(t, c.action, c.form), c.action+"Result"), c.action+"Result("+c.want+")"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestAbsentAuthorization: also what does not exist is asked about under a permission, on the resource that it would be.
func TestAbsentAuthorization(t *testing.T) {
	p := newPlane(t)
	statement := func(resource string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::` + account + `:` + resource + `"}]}`
	}
	for _, c := range []struct{ role, resource, action, form string }{
		{"certificates", "server-certificate/mine", "GetServerCertificate", "ServerCertificateName="},
		{"devices", "mfa/mine", "DeleteVirtualMFADevice", "SerialNumber=arn:aws:iam::" + account + ":mfa/"},
		{"providers", "saml-provider/mine", "GetSAMLProvider", "SAMLProviderArn=arn:aws:iam::" + account + ":saml-provider/"},
		{"keys", "user/mine", "DeleteSSHPublicKey", "SSHPublicKeyId=APKAXXXXXXXXXXXXXXXXX&UserName="},
	} {
		session := p.session(t, c.role, statement(c.resource))
		for name, code := range map[string]string{"mine": "NoSuchEntity", "other": "AccessDenied"} {
			response, body := p.post(t, session, "iam", iamForm(t, c.action, c.form+name))
			if got := readRefusal(t, response, body); got.Code != code {
				t.Errorf("%s of %s: %+v", c.action, name, got)
			}
		}
	}
}
