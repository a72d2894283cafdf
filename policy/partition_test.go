package policy_test

import (
	"testing"

	"github.com/openirsa/openirsa/policy"
)

// TestPartitionOfRegion has regions of AWS's list of endpoints (AWS General Reference), of every partition.
func TestPartitionOfRegion(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "eu-central-2": "aws", "ap-southeast-7": "aws", "il-central-1": "aws", "mx-central-1": "aws", "aws-global": "aws",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn", "aws-cn-global": "aws-cn",
		"us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov", "aws-us-gov-global": "aws-us-gov",
		"eusc-de-east-1": "aws-eusc",
		"us-iso-east-1":  "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
		"local": "", "minio": "", "": "", "us-east": "", "us-east-1a": "", "US-EAST-1": "", "us-east-1\n": "", "xus-east-1": "", "cn-north-1.": "", "eusc-fr-east-1": "",
	} {
		p, ok := policy.PartitionOfRegion(region)
		if p.ID != want || ok != (want != "") {
			t.Errorf("%q is of %q, %v; want %q", region, p.ID, ok, want)
		}
		matching := 0
		for _, p := range policy.Partitions() {
			if p.HasRegion(region) {
				matching++
			}
		}
		if matching > 1 {
			t.Errorf("%q is of %d partitions", region, matching)
		}
	}
	for _, p := range policy.Partitions() {
		if !p.HasRegion(p.GlobalRegion) {
			t.Errorf("%s does not have its own %s", p.ID, p.GlobalRegion)
		}
		if again, ok := policy.PartitionByID(p.ID); !ok || again.DNSSuffix != p.DNSSuffix {
			t.Errorf("%s is not found", p.ID)
		}
	}
	if _, ok := policy.PartitionByID("aws-moon"); ok {
		t.Error("aws-moon is a partition")
	}
}

// TestAccountsOfPartitions: the same twelve digits are another account in another partition.
func TestAccountsOfPartitions(t *testing.T) {
	trust := func(principal string) *policy.Policy {
		t.Helper()
		document, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Compile("trust", document, policy.Options{Kind: policy.Trust})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	all, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	identity, err := policy.Compile("all", all, policy.Options{Kind: policy.Identity})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		principal, partition string
		allowed              bool
	}{
		{"arn:aws:iam::111122223333:root", "aws", true},
		{"arn:aws-cn:iam::111122223333:root", "aws-cn", true},
		{"111122223333", "aws-cn", true},
		{"arn:aws:iam::111122223333:root", "aws-cn", false},
		{"arn:aws-cn:iam::111122223333:root", "aws", false},
		{"arn:aws-iso:iam::111122223333:root", "aws-iso-b", false},
		{"arn:aws-iso-b:iam::111122223333:root", "aws-iso", false},
	} {
		decision := policy.Policies{Identity: []*policy.Policy{identity}, Trust: trust(test.principal)}.Decide(&policy.Request{
			Principal: policy.Principal{Type: policy.User, ARN: "arn:" + test.partition + ":iam::111122223333:user/Alice", Account: "111122223333"},
			Action:    "sts:AssumeRole",
			Resource:  "arn:" + test.partition + ":iam::111122223333:role/r",
		})
		if decision.Allowed() != test.allowed {
			t.Errorf("%s for a caller of %s: %v", test.principal, test.partition, decision.Effect)
		}
	}
}

// TestServicePrincipals has names that AWS's guides use in trust policies.
func TestServicePrincipals(t *testing.T) {
	for name, want := range map[string]bool{
		"ec2.amazonaws.com": true, "ec2.amazonaws.com.cn": true, "logs.us-east-1.amazonaws.com": true, "ec2.c2s.ic.gov": true, "ec2.sc2s.sgov.gov": true,
		"ec2.amazonaws.eu": true, "ec2.cloud.adc-e.uk": true, "ec2.csp.hci.ic.gov": true,
		"alexa-appkit.amazon.com": true, "alexa-connectedhome.amazon.com": true, "www.amazon.com": false,
		"amazonaws.com": false, ".amazonaws.com": false, "ec2amazonaws.com": false, "ec2.amazonaws.com.evil": false, "ec2..amazonaws.com": false, "EC2.amazonaws.com": false, "c2s.ic.gov": false,
	} {
		if p, err := policy.ParsePrincipal(name); (err == nil && p.Type == policy.Service) != want {
			t.Errorf("%s: %+v, %v; want %v", name, p, err, want)
		}
	}
}
