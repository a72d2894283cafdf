package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/catalog"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/lint"
)

func reference(t testing.TB) lint.Reference {
	t.Helper()
	table, err := awsmodel.NewReference()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

var upstreamPlaceholders = regexp.MustCompile(`\$\{(?:Partition|Account|Region|ClusterName|IssuerHostPath|Namespace|ServiceAccount|KmsKeyArn|SecretKmsKeyArn|ModelsKmsKeyArn|RdsMasterSecretArn|DataBucket|ModelsBucket|CLUSTER_NAME|VPC_ID|YOUR_[A-Z_.]*)\}|<[^>]*>|\{YOUR_AWS_ACCOUNT_ID\}|region-code|EXAMPLED539D4633E53DE1B71EXAMPLE|oidc\.REGION\.eks\.amazonaws\.com/CLUSTER_ID`)

// fill puts plausible values for what the upstream documents leave open.
func fill(source []byte) []byte {
	return upstreamPlaceholders.ReplaceAllFunc(source, func(name []byte) []byte {
		switch text := string(name); {
		case text == "${Partition}":
			return []byte("aws")
		case strings.HasSuffix(text, "REGION}") || text == "${Region}" || text == "region-code":
			return []byte("us-east-1")
		case strings.Contains(strings.ToUpper(text), "ACCOUNT") && text != "${ServiceAccount}":
			return []byte("111122223333")
		case strings.Contains(text, "KeyArn"):
			return []byte("arn:aws:kms:us-east-1:111122223333:key/1234")
		case strings.Contains(text, "SecretArn"):
			return []byte("arn:aws:secretsmanager:us-east-1:111122223333:secret:x")
		case text == "${IssuerHostPath}" || strings.HasPrefix(text, "oidc.REGION"):
			return []byte("oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF")
		case text == "${VPC_ID}":
			return []byte("vpc-12345678")
		case strings.HasPrefix(text, "EXAMPLED"):
			return []byte("0123456789ABCDEF0123456789ABCDEF")
		}
		return []byte("filled")
	})
}

// upstream walks the policies that guides and managed policies of AWS have.
func upstream(t *testing.T, look func(name string, source []byte)) {
	root := os.Getenv("OPENIRSA_TESTDATA")
	if root == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	root = filepath.Join(root, "policies")
	count := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		look(filepath.ToSlash(name), fill(source))
		count++
		return err
	})
	if err != nil || count < 50 {
		t.Errorf("%d documents, %v", count, err)
	}
}

// wrong are the upstream documents in which something is found that is worse than a suggestion, and why that is so. All others have nothing.
var wrong = map[string]string{
	// The guides' trust policies do not ask for the audience.
	"aws-efs-csi-driver/docs/trust-irsa-controller.json": "S03",
	"aws-efs-csi-driver/docs/trust-irsa-node.json":       "S03",
	// Until v2.2 the controller could make service-linked roles of any service; v2.3.0 asks for iam:AWSServiceName.
	"aws-load-balancer-controller/revisions/iam_policy_v2.0.0.json": "create-slr-wildcard",
	"aws-load-balancer-controller/revisions/iam_policy_v2.0.1.json": "create-slr-wildcard",
	"aws-load-balancer-controller/revisions/iam_policy_v2.1.2.json": "create-slr-wildcard",
	"aws-load-balancer-controller/revisions/iam_policy_v2.2.0.json": "create-slr-wildcard",
	// ec2:DescribeInstances has no resource-level permissions, and so no tags. AWS names this policy itself among those that pass roles with a
	// wildcard (IAM policy validation check reference, "Pass role with star in resource").
	"aws-managed/AWSServiceRoleForAmazonEKSNodegroup.json": "key-of-some-actions pass-role-wildcard",
	// AWS's own managed policies may be longer than its customers'. iam:ListInstanceProfiles is only ever about "*". events:source may be absent.
	"aws-managed/AmazonEKSServiceRolePolicy.json": "action-without-resource for-all-values-absent policy-size",
	// Describe calls of Auto Scaling, and of a node group, are not about an Auto Scaling group's ARN.
	"cluster-autoscaler/minimal-asg-arn.json": "action-without-resource",
	// What the manifest says of them: the wildcard is literal, both operators must hold, and neither asks for the audience.
	"negative/trust-wildcard-in-stringequals.json": "S03 T03",
	"negative/trust-webhook-readme-and.json":       "S03 S06 T12",
}

// TestUpstream lints every upstream document, and what is printed of it.
func TestUpstream(t *testing.T) {
	options := lint.Options{Reference: reference(t)}
	seen := map[string]bool{}
	upstream(t, func(name string, source []byte) {
		seen[name] = true
		document, err := policy.Parse(source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		findings := lint.Check(document, options)
		var worse []lint.Finding
		for _, f := range findings {
			if f.Severity > lint.Suggestion {
				worse = append(worse, f)
			}
		}
		if got, want := ids(worse), sorted(wrong[name]); got != want {
			t.Errorf("%s: found %q, want %q", name, got, want)
			for _, f := range worse {
				t.Logf("%v: %v %s: %s", f.Position, f.Severity, f.ID, f.Message)
			}
		}
		printed, err := policy.Parse([]byte(document.String()))
		if err != nil {
			t.Fatal(err)
		}
		withoutEmpty := slices.DeleteFunc(findings, func(f lint.Finding) bool { return f.ID == "empty-condition" }) // printing leaves those out
		if got, want := ids(lint.Check(printed, options)), ids(withoutEmpty); got != want {
			t.Errorf("%s: printed, it has %q, not %q", name, got, want)
		}
	})
	for name := range wrong {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// managedErrors are the managed policies of the catalogue with an error, and why: those of wrong, and policies that are longer than customers' may be.
var managedErrors = map[string]string{
	"AWSServiceRoleForAmazonEKSNodegroup": "key-of-some-actions",
	"AmazonEKSServiceRolePolicy":          "policy-size",
}

// TestManagedPolicies finds errors of AWS's managed policies only where there are some, in every partition.
func TestManagedPolicies(t *testing.T) {
	options := lint.Options{Reference: reference(t)}
	for _, partition := range policy.Partitions() {
		policies, err := catalog.ManagedPolicies(partition.ID)
		if err != nil || len(policies) < 30 {
			t.Fatalf("%d policies: %v", len(policies), err)
		}
		for _, managed := range policies {
			errors := slices.DeleteFunc(lint.Source([]byte(managed.Document), options), func(f lint.Finding) bool { return f.Severity != lint.Error })
			if got := ids(errors); got != managedErrors[managed.Name] {
				t.Errorf("%s of %s: found %q", managed.Name, partition.ID, got)
				for _, f := range errors {
					t.Logf("%v: %s: %s", f.Position, f.ID, f.Message)
				}
			}
		}
	}
}
