package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/cloud"
)

// TestWhoCanAsksThePlane: without a folder the account itself is asked, with the SDK's standard configuration.
func TestWhoCanAsksThePlane(t *testing.T) {
	plane, err := startDemoPlane(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer plane.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": plane.Endpoint, "AWS_REGION": "us-east-1", "AWS_PROFILE": "", "AWS_SESSION_TOKEN": "",
		"AWS_ACCESS_KEY_ID": plane.Root.AccessKeyID, "AWS_SECRET_ACCESS_KEY": plane.Root.SecretAccessKey} {
		t.Setenv(name, value)
	}
	client, err := cloud.New(t.Context(), cloud.Config{})
	if err != nil {
		t.Fatal(err)
	}
	arn, err := client.CreateRole(t.Context(), "reader", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.PutRolePolicy(t.Context(), "reader", "read", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}}`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"who-can", "s3:GetObject", "arn:aws:s3:::b/k"}, "yes         " + arn + "  s3:GetObject"},
		{[]string{"who-can", "s3:PutObject", "arn:aws:s3:::b/k"}, "nobody may s3:PutObject"},
		{[]string{"can", "role/reader"}, "allows s3:Get*"},
	} {
		var out, problems bytes.Buffer
		code := run(c.arguments, environment{stdin: strings.NewReader(""), stdout: &out, stderr: &problems, getenv: os.Getenv})
		if code != 0 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: exit code %d\n%s%s", c.arguments, code, &out, &problems)
		}
	}
}
