package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestErrors has for each rule of IAM User Guide, "Grammar of the IAM JSON policy language" and the pages of its elements a
// document that breaks it. «» marks where the complaint must point, and is taken out before parsing.
func TestErrors(t *testing.T) {
	statement := func(elements string) string {
		return `{"Version":"2012-10-17","Statement":[` + elements + `]}`
	}
	condition := func(block string) string {
		return statement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":` + block + `}`)
	}
	cases := []struct {
		kind             Kind
		source           string
		message, awsText string
	}{
		{Identity, `«`, "unexpected end of text", "Syntax errors in policy."},
		{Identity, `{"Version":"2012-10-17",«}`, "wanted a name", "Syntax errors in policy."},
		{Trust, `{"Version":«'2012-10-17'}`, "wanted a JSON value", "This policy contains invalid Json"},
		{Identity, "{\n \"Statement\": [\n  «}", "wanted a JSON value", "Syntax errors in policy."},
		{Identity, `{"Statement":[]} «x`, "after the end", "Syntax errors in policy."},
		{Identity, "{\"Statement\":[], \"Id\":\"«\xff\"}", "invalid UTF-8", "Syntax errors in policy."},
		{Identity, "{\"é\":1, \"a\":«tru}", "wanted a JSON value", "Syntax errors in policy."},
		{Identity, `{"Statement":[],«"Statement":[]}`, "a second time", "Syntax errors in policy."},
		{Identity, `{"Statement":[],«"St\u0061tement":[]}`, "a second time", "Syntax errors in policy."},
		{Identity, `«[]`, "must be an object", "Syntax errors in policy."},
		{Identity, `«{}`, "missing element Statement", "Syntax errors in policy."},
		{Identity, `{«"statement":[]}`, "unknown element", "Syntax errors in policy."},
		{Identity, `{"Version":«"2012-10-18","Statement":[]}`, "Version must be", "Syntax errors in policy."},
		{Trust, `{"Version":«1,"Statement":[]}`, "Version must be", "The policy must contain a valid version string"},
		{Identity, `{"Id":«1,"Statement":[]}`, "Id must be a string", "Syntax errors in policy."},
		{Identity, `{"Statement":«"x"}`, "a statement must be an object", "Syntax errors in policy."},
		{Identity, statement(`«null`), "a statement must be an object", "Syntax errors in policy."},
		{Identity, statement(`«{"Action":"*","Resource":"*"}`), "missing element Effect", "Syntax errors in policy."},
		{Trust, statement(`«{"Action":"*","Principal":"*"}`), "missing element Effect", "Missing required field Effect"},
		{Identity, statement(`{"Effect":«"allow","Action":"*","Resource":"*"}`), "Effect must be", "The policy failed legacy parsing"},
		{Identity, statement(`«{"Effect":"Allow","Resource":"*"}`), "missing element Action", "Policy statement must contain actions."},
		{Identity, statement(`{"Effect":"Allow","Action":«[],"Resource":"*"}`), "empty list", "Policy statement must contain actions."},
		{Identity, statement(`{"Effect":"Allow","Action":["*",«1],"Resource":"*"}`), "must be a string or a list", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*",«"NotAction":"*","Resource":"*"}`), "both Action and NotAction", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*",«"NotResource":"*"}`), "both Resource and NotResource", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*",«"Actions":"*"}`), "unknown element", "Syntax errors in policy."},
		{Identity, statement(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":«"a","Effect":"Allow","Action":"*","Resource":"*"}`), "another statement", "Statement IDs (SID) in a single policy must be unique."},
		{Identity, statement(`{"Sid":«7,"Effect":"Allow","Action":"*","Resource":"*"}`), "Sid must be a string", "Syntax errors in policy."},
		{Identity, statement(`«{"Effect":"Allow","Action":"*"}`), "missing element Resource", "Policy statement must contain resources."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«[]}`), "empty list", "Policy statement must contain resources."},
		{Identity, statement(`{"Effect":"Allow","Principal":«"*","Action":"*","Resource":"*"}`), "belongs to a principal", "Policy document should not specify a principal."},

		{Identity, statement(`{"Effect":"Allow","Action":«"GetObject","Resource":"*"}`), "no service prefix", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, statement(`{"Effect":"Allow","Action":«"s3:Get:Object","Resource":"*"}`), "more than one colon", "Actions/Condition can contain only one colon."},
		{Identity, statement(`{"Effect":"Allow","Action":«"*:Get*","Resource":"*"}`), "without wildcards", "Vendor * is not valid"},
		{Identity, statement(`{"Effect":"Allow","Action":«"s3:","Resource":"*"}`), "a name is", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":«"s3:Get Object","Resource":"*"}`), "a name is", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"bucket"}`), "neither an ARN", `Resource bucket must be in ARN format or "*".`},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"arn:aws:*:::x"}`), "the service must be written out", "Resource vendor must be fully qualified and cannot contain regexes."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"arn:aws:s3"}`), "six parts", "The policy failed legacy parsing"},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"arn:aws:s3:::${aws:username"}`), "without its closing brace", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"arn:aws:s3:::${}"}`), "not the name", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"arn:aws:s3:::${aws:username,'x'}"}`), "default is written", "Syntax errors in policy."},
		{Identity, statement(`{"Effect":"Allow","Action":"*","Resource":«"arn:aws:s3::${aws:PrincipalAccount}:x"}`), "after the fifth colon", "The policy failed legacy parsing"},

		{Identity, condition(`«[]`), "Condition must be an object", "Syntax errors in policy."},
		{Identity, condition(`{«"StringEqual":{"aws:x":"a"}}`), "unknown condition operator", "Syntax errors in policy."},
		{Identity, condition(`{«"stringequals":{"aws:x":"a"}}`), "unknown condition operator", "Syntax errors in policy."},
		{Identity, condition(`{«"NullIfExists":{"aws:x":"true"}}`), "unknown condition operator", "Syntax errors in policy."},
		{Identity, condition(`{«"ForAllValues:Null":{"aws:x":"true"}}`), "unknown condition operator", "Syntax errors in policy."},
		{Identity, condition(`{"StringEquals":«"x"}`), "must be an object", "Syntax errors in policy."},
		{Trust, statement(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{«"x":"a"}}}`), "no prefix", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, condition(`{"StringEquals":{«":x":"a"}}`), "no prefix", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, condition(`{"StringEquals":{"aws:x":«null}}`), "a condition value must be", "Syntax errors in policy."},
		{Identity, condition(`{"StringEquals":{"aws:x":["a",«{}]}}`), "a condition value must be", "Syntax errors in policy."},
		{Identity, condition(`{"StringLike":{"aws:x":«"${aws:y"}}`), "without its closing brace", "Syntax errors in policy."},
		{Identity, condition(`{"NumericEquals":{"aws:x":«"1e3"}}`), "not an integer or decimal", "Syntax errors in policy."},
		{Identity, condition(`{"NumericEquals":{"aws:x":«"${aws:y}"}}`), "not an integer or decimal", "Syntax errors in policy."},
		{Identity, condition(`{"DateEquals":{"aws:x":«"2024-02-30"}}`), "neither a date", "The policy failed legacy parsing"},
		{Identity, condition(`{"Bool":{"aws:x":«"yes"}}`), "neither true nor false", "Syntax errors in policy."},
		{Identity, condition(`{"Null":{"aws:x":«"${aws:y}"}}`), "neither true nor false", "Syntax errors in policy."},
		{Identity, condition(`{"BinaryEquals":{"aws:x":«"="}}`), "not base64", "Syntax errors in policy."},
		{Identity, condition(`{"IpAddress":{"aws:x":["10.0.0.0/8",«"10.0.0.0/33"]}}`), "neither an IP address", "Syntax errors in policy."},
		{Identity, condition(`{"ArnLike":{"aws:x":«"*"}}`), "not an ARN pattern", "Syntax errors in policy."},

		{Trust, statement(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":«"*"}`), "Resource in a trust policy", "Has prohibited field Resource"},
		{Trust, statement(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","NotResource":«"arn:aws:s3:::b"}`), "NotResource in a trust policy", "AssumeRole policy must not contain resources."},
		{Trust, statement(`«{"Effect":"Allow","Action":"sts:AssumeRole"}`), "missing element Principal", "Missing required field Principal"},
		{Trust, statement(`{"Effect":"Allow","Principal":«{},"Action":"sts:AssumeRole"}`), "names nobody", "Missing required field Principal cannot be empty!"},
		{Trust, statement(`{"Effect":"Allow","Principal":{"AWS":«[]},"Action":"sts:AssumeRole"}`), "empty list", "Missing required field Principal cannot be empty!"},
		{Trust, statement(`{"Effect":"Allow","Principal":«"alice","Action":"sts:AssumeRole"}`), "must be", "Syntax error in policy."},
		{Trust, statement(`{"Effect":"Allow","Principal":{«"Aws":"*"},"Action":"sts:AssumeRole"}`), "unknown type of principal", `Invalid principal in policy: "Aws"`},
		{Trust, statement(`{"Effect":"Allow","Principal":{"AWS":«"arn:aws:iam::111122223333:user/*"},"Action":"sts:AssumeRole"}`), "not a principal", `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"`},
		{Trust, statement(`{"Effect":"Allow","Principal":{"AWS":«"arn:aws:iam::111122223333:group/g"},"Action":"sts:AssumeRole"}`), "not a principal", `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"`},
		{Trust, statement(`{"Effect":"Allow","Principal":{"Service":«"*"},"Action":"sts:AssumeRole"}`), "not a principal", `Invalid principal in policy: "Service":"*"`},
		{Trust, statement(`{"Effect":"Allow","Principal":{"Federated":«"https://issuer.example"},"Action":"sts:AssumeRole"}`), "not a principal", `Invalid principal in policy: "Federated":"https://issuer.example"`},
		{Trust, statement(`{"Effect":"Allow","NotPrincipal":«{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`), "with Deny only", "Allow with NotPrincipal is not allowed."},
		{Trust, statement(`{"Effect":"Allow","Principal":"*",«"NotPrincipal":"*","Action":"sts:AssumeRole"}`), "both Principal and NotPrincipal", "Syntax error in policy."},
		{Trust, statement(`{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole",«"s3:GetObject"]}`), "actions of sts only", "AssumeRole policy may only specify STS AssumeRole actions."},
	}
	for _, c := range cases {
		before, after, _ := strings.Cut(c.source, "«")
		want := Position{1 + strings.Count(before, "\n"), len(before) - strings.LastIndex(before, "\n")}
		err := check(before+after, c.kind)
		var positioned *Error
		if !errors.As(err, &positioned) {
			t.Errorf("%s: error %v", c.source, err)
			continue
		}
		if positioned.Position != want || !strings.Contains(positioned.Message, c.message) || positioned.Sentence(c.kind) != c.awsText {
			t.Errorf("%s: %v (%s)\nwant %v: …%s… (%s)", c.source, err, positioned.Sentence(c.kind), want, c.message, c.awsText)
		}
		if !strings.HasPrefix(err.Error(), fmt.Sprintf("%d:%d: ", want.Line, want.Column)) {
			t.Errorf("%s: Error() is %q", c.source, err)
		}
	}
}

// check parses and compiles.
func check(source string, kind Kind) error {
	document, err := Parse([]byte(source))
	if err != nil {
		return err
	}
	_, err = Compile("policy", document, Options{Kind: kind})
	return err
}

// TestJSON follows RFC 8259: what is JSON, what it means, and what is not.
func TestJSON(t *testing.T) {
	for source, want := range map[string]string{
		`"a\"\\\/\b\f\n\r\tz"`:   "a\"\\/\b\f\n\r\tz",
		`"\u00e9\uD83D\uDE00"`:   "é😀",
		" \t\r\n\"é😀\" ":         "é😀",
		`-0.5e+10`:               "-0.5e+10",
		`0`:                      "0",
		`true`:                   "true",
		`"\u0000"`:               "\x00",
		`"` + "\u2028\x7f" + `"`: "\u2028\x7f",
	} {
		n, _, err := readJSON(source, 100)
		if err != nil || n.text != want {
			t.Errorf("%s: %q, %v", source, n.text, err)
		}
	}
	for _, source := range []string{
		``, ` `, `{`, `[`, `[1,]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `01`, `1.`, `.5`, `+1`, `-`, `1e`, `1e+`, `NaN`, `Infinity`,
		`truex`, `tru`, `'a'`, `"a`, `"\x41"`, `"\u12"`, `"\u12g4"`, `"\ud800"`, `"\ud800\u0041"`, `"\udc00\ud800"`, "\"\n\"", "\"\x1f\"", "\ufeff1", "\"\xc3\"",
		`1 2`, `{}{}`, `// x`, `[1]]`, `nul`, `"\`, `"\u`,
	} {
		if n, _, err := readJSON(source, 100); err == nil {
			t.Errorf("%q was read as %+v", source, n)
		}
	}
}

// TestJSONLimits: hostile texts are refused, at the place where they go too far.
func TestJSONLimits(t *testing.T) {
	cases := map[string]struct{ source, want string }{
		"size":   {`"` + strings.Repeat("a", MaxDocumentSize) + `"`, "1:2097153: text is longer than 2097152 bytes"},
		"depth":  {strings.Repeat("[", 10000), "1:65: nested deeper than 64 levels"},
		"values": {"[" + strings.Repeat("0,", MaxValues), fmt.Sprintf("1:%d: more than %d values", 2*MaxValues, MaxValues)},
	}
	for name, c := range cases {
		if _, err := Parse([]byte(c.source)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestSize compares with the counts of the shared folder's manifest, which another program made.
func TestSize(t *testing.T) {
	document, err := Parse([]byte("{\r\n\t\"Statement\": [ ],\n \"Id\": \"é x\" }"))
	if err != nil || document.Size() != len(`{"Statement":[],"Id":"ex"}`) {
		t.Errorf("size %d, %v", document.Size(), err)
	}
	folder := testData(t)
	manifest, err := os.ReadFile(filepath.Join(folder, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(manifest)), "\n")[1:] {
		columns := strings.Split(line, "\t")
		source, err := os.ReadFile(filepath.Join(folder, columns[0]))
		if err != nil {
			t.Fatal(err)
		}
		document, err := Parse(source)
		if err != nil {
			t.Errorf("%s: %v", columns[0], err)
			continue
		}
		if want, _ := strconv.Atoi(columns[4]); document.Size() != want {
			t.Errorf("%s: size %d, want %d", columns[0], document.Size(), want)
		}
		if want, _ := strconv.Atoi(columns[5]); len(document.statements) != want {
			t.Errorf("%s: %d statements, want %d", columns[0], len(document.statements), want)
		}
	}
}

func testData(t *testing.T) string {
	folder := os.Getenv("OPENIRSA_TESTDATA")
	if folder == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	return filepath.Join(folder, "policies")
}

var placeholders = regexp.MustCompile(`\$\{(?:Partition|Account|Region|ClusterName|IssuerHostPath|Namespace|ServiceAccount|KmsKeyArn|SecretKmsKeyArn|ModelsKmsKeyArn|RdsMasterSecretArn|DataBucket|ModelsBucket|CLUSTER_NAME|VPC_ID|YOUR_[A-Z_.]*)\}|<[^>]*>`)

// fill puts plausible values for what the upstream documents leave open.
func fill(source []byte) []byte {
	return placeholders.ReplaceAllFunc(source, func(name []byte) []byte {
		switch text := string(name); {
		case text == "${Partition}":
			return []byte("aws")
		case text == "${Account}" || strings.Contains(text, "ACCOUNT") || strings.Contains(text, "ccountId"):
			return []byte("111122223333")
		case strings.Contains(text, "KeyArn"):
			return []byte("arn:aws:kms:us-east-1:111122223333:key/1234")
		case strings.Contains(text, "SecretArn"):
			return []byte("arn:aws:secretsmanager:us-east-1:111122223333:secret:x")
		case text == "${IssuerHostPath}":
			return []byte("oidc.example/id/1")
		}
		return []byte("filled")
	})
}

// TestUpstreamPolicies compiles every policy that the shared folder has, as the kind that it is.
func TestUpstreamPolicies(t *testing.T) {
	count := 0
	err := filepath.WalkDir(testData(t), func(path string, entry os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		count++
		kind := Identity
		if strings.Contains(string(source), `"Principal"`) {
			kind = Trust
		}
		if err := check(string(fill(source)), kind); err != nil {
			t.Errorf("%s:%v", path, err)
		}
		return nil
	})
	if err != nil || count < 50 {
		t.Errorf("%d documents, %v", count, err)
	}
}

// TestPositionsCountFromTheStart: what stands before a document is part of its file.
func TestPositionsCountFromTheStart(t *testing.T) {
	_, err := Parse([]byte("\n\n  {\"Statement\":3}"))
	if err == nil || !strings.HasPrefix(err.Error(), "3:16: ") {
		t.Errorf("%v, want it at 3:16", err)
	}
}
