package e2e

import (
	"fmt"
	"strings"
)

// trust is the trust policy of the IRSA guides: exactly this provider, audience and service account.
func (p *plane) trust(namespace, serviceAccount string) string {
	return trustOf(p.account, p.issuer, namespace, serviceAccount)
}

func trustOf(account, issuer, namespace, serviceAccount string) string {
	provider := strings.TrimPrefix(issuer, "https://")
	return fmt.Sprintf(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Federated": "arn:aws:iam::%s:oidc-provider/%s" },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "%s:aud": "sts.amazonaws.com",
          "%s:sub": "system:serviceaccount:%s:%s"
        }
      }
    }
  ]
}`, account, provider, provider, provider, namespace, serviceAccount)
}

// readWrite allows one prefix of one bucket, and listing of that prefix alone.
func readWrite(bucket, prefix string) string {
	return fmt.Sprintf(`{
  "Version": "2012-10-17",
  "Statement": [
    { "Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::%s/%s*" },
    { "Sid": "Listing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::%s",
      "Condition": { "StringLike": { "s3:prefix": "%s*" } } }
  ]
}`, bucket, prefix, bucket, prefix)
}
