package iam

import (
	"fmt"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// awsAccount stands for AWS in the ARNs of its managed policies.
const awsAccount = "aws"

// AWSPolicy is a managed policy of AWS's, which every account can attach and none can change. Only its default version is known.
type AWSPolicy struct {
	Name, Path, ID, Description string
	Created, Updated            time.Time
	DefaultVersionID            string
	Document                    string
}

func awsPolicyARN(partition, pathAndName string) string {
	return "arn:" + partition + ":iam::" + awsAccount + ":policy/" + pathAndName
}

// newAWSPolicies makes the entries that every account shares. Each document must compile: a role that has the policy depends on it.
func newAWSPolicies(partition string, given []AWSPolicy) (map[string]*policyEntry, error) {
	entries := make(map[string]*policyEntry, len(given))
	for _, p := range given {
		arn := awsPolicyARN(partition, p.Path[1:]+p.Name)
		program := compile(arn, p.Document, policy.Options{Kind: policy.Identity})
		if _, err := program(); err != nil {
			return nil, fmt.Errorf("reading %s: %w", arn, err)
		}
		entries[arn] = &policyEntry{
			policy: ManagedPolicy{
				Account: awsAccount, ARN: arn, Name: p.Name, Path: p.Path, ID: p.ID, Description: p.Description,
				Created: p.Created, Updated: p.Updated, DefaultVersionID: p.DefaultVersionID,
			},
			versions: []PolicyVersion{{VersionID: p.DefaultVersionID, Document: p.Document, IsDefault: true, Created: p.Updated}},
			program:  program,
		}
	}
	return entries, nil
}
