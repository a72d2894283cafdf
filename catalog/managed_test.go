package catalog

import (
	"regexp"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// quota is IAM's on the characters of a customer managed policy (IAM User Guide, "IAM and AWS STS quotas"). AWS does not hold the
// policies of service-linked roles to it.
const quota = 6144

var larger = map[string]bool{"AmazonEKSServiceRolePolicy": true}

// TestManagedPolicies compiles every policy in every partition and holds its description against IAM's forms.
func TestManagedPolicies(t *testing.T) {
	arns := regexp.MustCompile(`arn:([^:"]*):`)
	id := regexp.MustCompile(`^ANPA[A-Z2-7]{17}$`)
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"} {
		names, ids, last := map[string]bool{}, map[string]bool{}, ""
		for _, p := range managed(t, partition) {
			names[p.Name], ids[p.ID] = true, true
			if p.Name <= last {
				t.Errorf("%s comes after %s", p.Name, last)
			}
			last = p.Name
			if want := "arn:" + partition + ":iam::aws:policy" + p.Path + p.Name; p.ARN != want {
				t.Errorf("%s: ARN %s, want %s", p.Name, p.ARN, want)
			}
			if !id.MatchString(p.ID) || p.Description == "" || len(p.Description) > 1000 || p.Created.After(p.Updated) {
				t.Errorf("%+v", p)
			}
			for _, arn := range arns.FindAllStringSubmatch(p.Document, -1) {
				if arn[1] != partition && arn[1] != "*" {
					t.Errorf("%s in %s names partition %q", p.Name, partition, arn[1])
				}
			}
			document := compiled(t, p.Name, p.Document)
			if size := document.Size(); (size > quota) != larger[p.Name] {
				t.Errorf("%s in %s: size %d", p.Name, partition, size)
			}
			if larger[p.Name] && p.Path != "/aws-service-role/" {
				t.Errorf("%s is larger than the quota and attachable", p.Name)
			}
		}
		if len(names) != 32 || len(ids) != 32 {
			t.Errorf("%s: %d names, %d ids, want 32", partition, len(names), len(ids))
		}
	}
}

// TestPartitions: a policy grants in the partition that it was rendered for, and the texts differ in that only.
func TestPartitions(t *testing.T) {
	at := map[string]ManagedPolicy{}
	for _, partition := range []string{"aws", "aws-cn"} {
		p := named(t, partition, "AmazonEKS_CNI_Policy")
		document := compiled(t, p.Name, p.Document)
		program, err := policy.Compile(p.Name, document, policy.Options{Kind: policy.Identity})
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"aws", "aws-cn"} {
			resource := "arn:" + other + ":ec2:eu-west-1:111122223333:network-interface/eni-1"
			session, err := policy.ParsePrincipal("arn:" + other + ":sts::111122223333:assumed-role/aws-node/pod")
			if err != nil {
				t.Fatal(err)
			}
			policies := policy.Policies{Identity: []*policy.Policy{program}}
			decision := policies.Decide(&policy.Request{Principal: session, Action: "ec2:CreateTags", Resource: resource})
			if decision.Allowed() != (partition == other) {
				t.Errorf("%s of %s on %s: %v", p.Name, partition, resource, decision)
			}
		}
		at[partition] = p
	}
	if got, want := at["aws-cn"].Document, strings.ReplaceAll(at["aws"].Document, "arn:aws:", "arn:aws-cn:"); got != want {
		t.Errorf("in aws-cn: %s", got)
	}
	for _, none := range []string{"", "*", "AWS", "aws-moon"} {
		if list, err := ManagedPolicies(none); err == nil || list != nil {
			t.Errorf("partition %q: %d policies, %v", none, len(list), err)
		}
	}
}

// TestPolicyID: attached policies are kept by id, so an id must not change. The expected ones are Python's
// base64.b32encode(hashlib.sha256(name).digest()).
func TestPolicyID(t *testing.T) {
	for name, want := range map[string]string{"AmazonEKS_CNI_Policy": "ANPAMAR2WNBDGJII6LBVE", "AmazonEBSCSIDriverPolicy": "ANPABHDLW53BBYVX6IH6E"} {
		for _, partition := range []string{"aws", "aws-iso-b"} {
			if got := named(t, partition, name).ID; got != want {
				t.Errorf("%s in %s: %s, want %s", name, partition, got, want)
			}
		}
	}
}

func managed(t *testing.T, partition string) []ManagedPolicy {
	t.Helper()
	list, err := ManagedPolicies(partition)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func named(t *testing.T, partition, name string) ManagedPolicy {
	t.Helper()
	for _, p := range managed(t, partition) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no %s", name)
	return ManagedPolicy{}
}

// compiled parses a document and asks that it compiles as an identity policy.
func compiled(t *testing.T, name, text string) *policy.Document {
	t.Helper()
	document, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s:%v", name, err)
	}
	if _, err := policy.Compile(name, document, policy.Options{Kind: policy.Identity}); err != nil {
		t.Fatalf("%s:%v", name, err)
	}
	return document
}
