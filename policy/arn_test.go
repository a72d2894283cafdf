package policy

import "testing"

// TestARN follows the AWS General Reference, "Amazon Resource Names".
func TestARN(t *testing.T) {
	for text, want := range map[string]ARN{
		"arn:aws:s3:::bucket/key":                                {"aws", "s3", "", "", "bucket/key"},
		"arn:aws-cn:sns:cn-north-1:111122223333:topic:sub":       {"aws-cn", "sns", "cn-north-1", "111122223333", "topic:sub"},
		"arn:aws:iam::111122223333:oidc-provider/host:8443/id/1": {"aws", "iam", "", "111122223333", "oidc-provider/host:8443/id/1"},
	} {
		if got, err := ParseARN(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "arn:aws::::b", "ARN:aws:s3:::b", " arn:aws:s3:::b", "*"} {
		if got, err := ParseARN(text); err == nil {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}

// TestParsePrincipal follows IAM User Guide, "IAM identifiers" and "IAM JSON policy elements: Principal".
func TestParsePrincipal(t *testing.T) {
	const account = "111122223333"
	for text, want := range map[string]Principal{
		account:                            {Type: Root, ARN: "arn:aws:iam::111122223333:root", Account: account, ID: account},
		"arn:aws:iam::111122223333:root":   {Type: Root, ARN: "arn:aws:iam::111122223333:root", Account: account, ID: account},
		"arn:aws:iam::111122223333:user/a": {Type: User, ARN: "arn:aws:iam::111122223333:user/a", Account: account},
		"arn:aws:iam::111122223333:role/a": {Type: Role, ARN: "arn:aws:iam::111122223333:role/a", Account: account, RoleARN: "arn:aws:iam::111122223333:role/a"},
		"ec2.amazonaws.com":                {Type: Service, ARN: "ec2.amazonaws.com"},
		"ec2.cn-north-1.amazonaws.com.cn":  {Type: Service, ARN: "ec2.cn-north-1.amazonaws.com.cn"},
		"arn:aws:sts::111122223333:assumed-role/a/s@x": {Type: AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/a/s@x", Account: account,
			RoleARN: "arn:aws:iam::111122223333:role/a", Session: "s@x"},
		"arn:aws:sts::111122223333:federated-user/a":       {Type: FederatedUser, ARN: "arn:aws:sts::111122223333:federated-user/a", Account: account, Session: "a"},
		"arn:aws:iam::111122223333:oidc-provider/host:1/x": {Type: WebIdentity, ARN: "arn:aws:iam::111122223333:oidc-provider/host:1/x", Account: account},
	} {
		if got, err := ParsePrincipal(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "*", "alice", "11112222333", "1111222233334", "example.com", "-.amazonaws..com", "arn:aws:iam::1:user/a", "arn:aws:iam:us-east-1:111122223333:user/a",
		"arn:aws:iam::111122223333:group/a", "arn:aws:iam::111122223333:user/", "arn:aws:iam::111122223333:user", "arn:aws:sts::111122223333:assumed-role/a", "arn:aws:sts::111122223333:assumed-role/a/",
		"arn:aws:sts::111122223333:assumed-role/p/a/s", "arn:aws:s3:::b", "arn:aws:iam::111122223333:saml-provider/x"} {
		if got, err := ParsePrincipal(text); err == nil {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}
