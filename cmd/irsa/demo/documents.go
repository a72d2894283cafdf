package demo

import "fmt"

// trustPolicy is the trust policy of every IRSA guide: this provider, this audience, this service account in this namespace.
func trustPolicy(account, hostPath string) string {
	return fmt.Sprintf(`{
  "Version": "2012-10-17",
  "Statement": [{ "Sid": "OnlyShopApp",
    "Effect": "Allow",
    "Principal": {"Federated":
      "arn:aws:iam::%s:oidc-provider/%s"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {
      "%s:aud":
        "%s",
      "%s:sub":
        "system:serviceaccount:%s:%s"
    }}
  }]
}
`, account, hostPath, hostPath, audience, hostPath, namespace, serviceAccount)
}

// permissions allow one prefix of one bucket.
const permissions = `{
  "Version": "2012-10-17",
  "Statement": [{ "Sid": "ReportsOnly",
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": "arn:aws:s3:::` + bucket + `/reports/*"
  }]
}
`
