package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

const exampleGatewayFile = `# what docs/gateway.md shows
trustedProxies: [10.1.2.3/8, "fd00::/8"]
s3Domains:
  - s3.example.internal
services:
  s3:
    url: https://minio.example.internal:9000
    region: us-east-1
    account: "111122223333"
    credentials:
      accessKeyId: AKIDMINIO
      secretAccessKeyFile: secret
  ec2: {url: "http://127.0.0.1:5000", timeout: 30s, bodyLimit: 4MiB, unenforcedPolicies: accept}
  sqs:
    bodyLimit: 65536
  "*":
    url: http://127.0.0.1:5000
    credentials: {accessKeyIdEnv: KEY, secretAccessKeyEnv: SECRET}
attributes:
  arn:aws:ec2:us-east-1:000000000000:instance/i-1:
    tags: {env: prod, "on": "yes", empty: ""}
    keys: {ec2:InstanceType: m5.large, ec2:RootDeviceType: [ebs]}
`

func TestGatewayFile(t *testing.T) {
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "secret"), []byte("s3cret\n"), 0o600))
	path := filepath.Join(folder, "gateway.yaml")
	check(t, os.WriteFile(path, []byte(exampleGatewayFile), 0o600))
	environment := map[string]string{"KEY": "AKIDMOTO", "SECRET": "moto"}
	file, err := readGatewayFile(path, func(name string) string { return environment[name] })
	check(t, err)
	if len(file.proxies) != 2 || file.proxies[0].String() != "10.0.0.0/8" || len(file.domains) != 1 || file.domains[0] != "s3.example.internal" {
		t.Errorf("read %+v", file)
	}
	if got := file.backends(); got != "ec2, s3 and every other service" {
		t.Errorf("backends: %s", got)
	}
	if got := new(gatewayFile).backends(); !strings.HasPrefix(got, "none: ") {
		t.Errorf("backends: %s", got)
	}
	s3, ec2, sqs, other := file.services["s3"], file.services["ec2"], file.services["sqs"], file.services["*"]
	if s3.upstream.Credentials != (sigv4.Credentials{AccessKeyID: "AKIDMINIO", SecretAccessKey: "s3cret"}) || s3.upstream.Account != "111122223333" || s3.upstream.Region != "us-east-1" {
		t.Errorf("read s3 as %+v", s3)
	}
	if ec2.upstream.URL != "http://127.0.0.1:5000" || ec2.upstream.Account != "" || ec2.upstream.Silence != 30*time.Second || ec2.maxBody != 4<<20 || !ec2.acceptsUnenforced || s3.acceptsUnenforced || ec2.upstream.Credentials.AccessKeyID != "" {
		t.Errorf("read ec2 as %+v", ec2)
	}
	if sqs.maxBody != 65536 || sqs.upstream.URL != "" || other.upstream.Credentials.SecretAccessKey != "moto" {
		t.Errorf("read sqs as %+v and others as %+v", sqs, other)
	}
	instance := file.attributes["arn:aws:ec2:us-east-1:000000000000:instance/i-1"]
	if tags := instance.Tags; tags["env"] != "prod" || tags["on"] != "yes" || len(tags) != 3 {
		t.Errorf("read the tags %v", tags)
	}
	if got := fmt.Sprint(instance.Keys); got != "map[ec2:InstanceType:[m5.large] ec2:RootDeviceType:[ebs]]" {
		t.Errorf("read the keys %s", got)
	}
}

// TestGatewayFileRefuses: what is not understood is refused, at its place. No error tells a secret.
func TestGatewayFileRefuses(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "gateway.yaml")
	for _, c := range []struct {
		content      string
		line, column int
		message      string
	}{
		{"service: {}", 1, 1, `unknown field "service"`},
		{"services:\n  ec2:\n    urll: http://h", 3, 5, `unknown field "urll"`},
		{"services:\n  ec2: {url: http://h}\n  ec2: {url: http://h}", 3, 3, "twice"},
		{"services:\n  ec2: {url: ftp://h}", 2, 14, "is not http://"},
		{"services:\n  ec2: {url: \"http://u:hunter2@h\"}", 2, 14, "is not http://"},
		{"services:\n  ec2: {}", 2, 8, "needs a url"},
		{"services:\n  EC2: {url: http://h}", 2, 8, "signing name"},
		{"services:\n  iam: {url: http://h}", 2, 8, "the plane's own"},
		{"services:\n  ec2: {url: http://h, account: 12}", 2, 33, "12 digits"},
		{"services:\n  ec2: {url: http://h, timeout: soon}", 2, 33, "is not a time"},
		{"services:\n  ec2: {url: http://h, unenforcedPolicies: yes}", 2, 44, "is not accept"},
		{"services:\n  ec2: {url: http://h, bodyLimit: 1GiB}", 2, 35, "is not a size"},
		{"services:\n  ec2: {url: http://h, bodyLimit: 1024MiB}", 2, 35, "is not a size"},
		{"services:\n  ec2: {url: http://h, credentials: {accessKeyId: a}}", 2, 37, "need accessKeyId"},
		{"services:\n  ec2: {url: http://h, credentials: {accessKeyId: a, secretAccessKey: hunter2}}", 2, 54, "unknown field"},
		{"services:\n  ec2: {url: http://h, credentials: {accessKeyId: a, accessKeyIdEnv: b}}", 2, 70, "given already"},
		{"services:\n  ec2: {url: http://h, credentials: {accessKeyId: a, secretAccessKeyEnv: NONE}}", 2, 74, "is empty"},
		{"services:\n  ec2: {url: http://h, credentials: {accessKeyId: a, secretAccessKeyFile: none}}", 2, 75, "no such file"},
		{"trustedProxies: 10.0.0.0/8", 1, 17, "a list"},
		{"trustedProxies: [10.0.0.0]", 1, 18, "not a CIDR"},
		{"s3Domains: [\"http://x\"]", 1, 13, "not a host name"},
		{"attributes: {i-1: {tags: {a: b}}}", 1, 19, "not an ARN"},
		{"attributes: {\"arn:aws:ec2:::x\": {a: b}}", 1, 34, `unknown field "a"`},
		{"attributes: {\"arn:aws:ec2:::x\": {tags: {a: [b]}}}", 1, 44, "a text"},
		{"attributes: {\"arn:aws:ec2:::x\": {tags: {a: ~}}}", 1, 44, "a text"},
		{"attributes: {\"arn:aws:ec2:::x\": {keys: {a: {b: c}}}}", 1, 44, "a text"},
		{"attributes: {\"arn:aws:ec2:::x\": {keys: {a: [b, {c: d}]}}}", 1, 48, "a text"},
		{"attributes: &a {\"arn:aws:ec2:::x\": {tags: {a: &b c, d: *b}}}", 1, 47, "anchors"},
		{"- a", 1, 1, "a mapping"},
		{"a: b: c", 1, 1, "mapping values"},
		{"services: {}\n---\nservices: {}", 1, 1, "more than one document"},
		{"services: {}\n\tx: y", 2, 1, "character"},
	} {
		check(t, os.WriteFile(path, []byte(c.content), 0o600))
		_, err := readGatewayFile(path, func(string) string { return "" })
		var told *commandError
		if !errors.As(err, &told) || told.File != path || told.Line != c.line || told.Column != c.column || !strings.Contains(told.Err.Error(), c.message) || told.Hint == "" {
			t.Errorf("%q: %v, want %d:%d %s", c.content, err, c.line, c.column, c.message)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v tells a secret", c.content, err)
		}
	}
	check(t, os.WriteFile(path, make([]byte, maxGatewayFile+1), 0o600))
	if _, err := readGatewayFile(path, nil); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a large file: %v", err)
	}
	check(t, os.WriteFile(path, []byte("# nothing\n"), 0o600))
	if _, err := readGatewayFile(path, nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func FuzzGatewayFile(f *testing.F) {
	f.Add(exampleGatewayFile)
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, content string) {
		r := gatewayReader{fileReader{folder: "/nowhere", getenv: func(string) string { return "x" }}}
		err := readYAML([]byte(content), func(n *yaml.Node) error { return fields(n, r.into(newGatewayFile())) })
		if complaint := (*positioned)(nil); err != nil && !errors.As(err, &complaint) {
			t.Errorf("an error without a position: %v", err)
		}
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAttributesAreConditionKeys: a key that is none of a service's resources is an error before anything is served.
func TestAttributesAreConditionKeys(t *testing.T) {
	reference, err := awsmodel.NewReference()
	check(t, err)
	for _, c := range []struct {
		key    string
		values []string
		wrong  string
	}{
		{"ec2:Vpc", []string{"arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1"}, ""},
		{"EC2:instancetype", []string{"m5.large"}, ""},
		{"lambda:SubnetIds", []string{"subnet-1", "subnet-2"}, ""},
		{"ec2:Vpcs", []string{"x"}, "no condition key"},
		{"ec2:Vpc", []string{"x", "y"}, "single value"},
		{"ec2:Vpc", nil, "single value"},
		{"aws:PrincipalTag/team", []string{"x"}, "no condition key"},
		{"aws:SourceIp", []string{"10.0.0.1"}, "no condition key"},
		{"ec2:ResourceTag/team", []string{"x"}, "is given by a tag"},
		{"kms:EncryptionContext:a", []string{"x"}, "no condition key"},
	} {
		const arn = "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1"
		p := &plane{reference: reference, gateway: gatewayFile{attributes: map[string]gateway.Resource{arn: {Keys: map[string][]string{c.key: c.values}}}}}
		if err := p.checkAttributes(); (err == nil) != (c.wrong == "") || err != nil && (!strings.Contains(err.Error(), c.wrong) || !strings.Contains(err.Error(), arn)) {
			t.Errorf("%s %v: %v", c.key, c.values, err)
		}
	}
}
