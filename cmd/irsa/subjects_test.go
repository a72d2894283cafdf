package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asked runs the command about account details, each in a file of one folder whose name has a space.
func asked(t *testing.T, arguments []string, details ...string) (code int, output string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "account details")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, text := range details {
		if err := os.WriteFile(filepath.Join(folder, string(rune('a'+i))+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, problems bytes.Buffer
	code = run(append(arguments, "--policies", folder), environment{stdin: strings.NewReader(""), stdout: &out, stderr: &problems, getenv: os.Getenv})
	return code, out.String() + problems.String()
}

func member(account, group, action string) string {
	return `{"UserDetailList":[{"UserName":"u","UserId":"AIDA1","Arn":"arn:aws:iam::` + account + `:user/u","GroupList":["g"]}],
		"GroupDetailList":[{"GroupName":"` + group + `","Arn":"arn:aws:iam::` + account + `:group/g","GroupPolicyList":[{"PolicyName":"p","PolicyDocument":
		{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"*"}}}]}]}`
}

// TestDetailsInSeveralFiles: files are one answer's pages, those of several accounts, or the same once more.
func TestDetailsInSeveralFiles(t *testing.T) {
	const one, two = "111122223333", "444455556666"
	whoCan := []string{"who-can", "s3:GetObject", "arn:aws:s3:::b/k"}
	for _, c := range []struct {
		name    string
		details []string
		code    int
		want    string
	}{
		{"a group counts in its own account", []string{member(one, "g", "s3:*"), member(two, "g", "ec2:*")}, 0, "yes         arn:aws:iam::111122223333:user/u"},
		{"a group of another account is none", []string{member(one, "g", "s3:*"), member(two, "h", "s3:*")}, 2, "its group g is not among the details"},
		{"the same twice is there once", []string{member(one, "g", "s3:*"), member(one, "g", "s3:*")}, 0, "yes         arn:aws:iam::111122223333:user/u"},
		{"one ARN, two answers", []string{member(one, "g", "s3:*"), member(one, "g", "ec2:*")}, 2, "is there twice, and not the same"},
		{"a page is missing", []string{strings.Replace(member(one, "g", "s3:*"), "{", `{"IsTruncated":true,"Marker":"m",`, 1)}, 2, "page that is not there"},
		{"the last page is there", []string{strings.Replace(member(one, "g", "s3:*"), "{", `{"IsTruncated":true,"Marker":"m",`, 1), `{"IsTruncated":false}`}, 0, "yes"},
	} {
		code, output := asked(t, whoCan, c.details...)
		if code != c.code || !strings.Contains(output, c.want) {
			t.Errorf("%s: exit code %d\n%s", c.name, code, output)
		}
		if c.code == 0 && strings.Count(output, ":user/u") != 1 {
			t.Errorf("%s: who may is not there once\n%s", c.name, output)
		}
	}
}

// TestTagsOfRoles: a role's tags are known of its sessions unless its trust policy lets these have others (IAM User Guide, "Pass session tags in AWS
// STS": a session tag takes the place of the role's tag of the same key).
func TestTagsOfRoles(t *testing.T) {
	for trusted, want := range map[string]string{
		`"Action":"sts:AssumeRole"`: "yes", `"Action":["sts:AssumeRole","sts:TagSession"]`: "depends", `"Action":"sts:*"`: "depends", `"NotAction":"sts:TagSession"`: "yes",
	} {
		code, output := asked(t, []string{"who-can", "s3:GetObject", "arn:aws:s3:::ml/k"}, `{"RoleDetailList":[{"RoleName":"app","RoleId":"AROA1","Arn":"arn:aws:iam::111122223333:role/team/app",
			"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},`+trusted+`}},
			"Tags":[{"Key":"team","Value":"ml"}],"RolePolicyList":[{"PolicyName":"p","PolicyDocument":{"Version":"2012-10-17","Statement":
			{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*"}}}]}]}`)
		if code != 0 || !strings.HasPrefix(output, want+" ") {
			t.Errorf("%s: exit code %d, wanted %s\n%s", trusted, code, want, output)
		}
	}
}
