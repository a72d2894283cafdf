package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// startIRSA runs `irsa up` on a new folder, registers the signer as a provider with inline keys, and makes the role.
func startIRSA(ctx context.Context, binary, folder string, s *signer) (*server, error) {
	began := time.Now()
	child, stdout, err := launch("irsa", binary, nil, true, "up", "--output", "json", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", folder)
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	child.ready = time.Since(began)
	if err == nil {
		err = child.prepare(ctx, line, folder, s)
	}
	if err != nil {
		child.stop() // its output says more than how it ended
		return nil, fmt.Errorf("%w\n%s", err, child.output)
	}
	return child, nil
}

// prepare reads the greeting of `irsa up` and makes the account ready for exchanges.
func (s *server) prepare(ctx context.Context, greeting []byte, folder string, issuer *signer) error {
	var said struct{ Endpoint, Account string }
	if err := json.Unmarshal(greeting, &said); err != nil {
		return fmt.Errorf("reading what it said, %q: %w", greeting, err)
	}
	s.address = strings.TrimPrefix(said.Endpoint, "http://")
	root, err := rootCredentials(filepath.Join(folder, "admin.env"))
	if err != nil {
		return err
	}
	host := strings.TrimPrefix(issuer.issuer, "https://")
	provider := "arn:aws:iam::" + said.Account + ":oidc-provider/" + host
	keys, err := json.Marshal(map[string]any{"OpenIDConnectProviderArn": provider, "KeySet": issuer.jwks()})
	if err != nil {
		return err
	}
	s.roleARN = "arn:aws:iam::" + said.Account + ":role/app"
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":%q},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"%s:aud":%q,"%s:sub":%q}}}]}`, provider, host, audience, host, subject)
	permissions := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/*"}]}`
	for _, c := range []call{
		query("CreateOpenIDConnectProvider", "Url", issuer.issuer, "ClientIDList.member.1", audience),
		{service: "openirsa", target: "OpenIRSA.PutOpenIDConnectProviderKeys", contentType: "application/x-amz-json-1.1", body: keys},
		query("CreateRole", "RoleName", "app", "AssumeRolePolicyDocument", trust),
		query("PutRolePolicy", "RoleName", "app", "PolicyName", "read", "PolicyDocument", permissions),
	} {
		if err := c.send(ctx, said.Endpoint, root); err != nil {
			return err
		}
	}
	return nil
}

// call is one signed request of the preparation.
type call struct {
	service, target, contentType string
	body                         []byte
}

// query is an IAM call; parameters are names and values in turn.
func query(action string, parameters ...string) call {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return call{service: "iam", contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode())}
}

func (c call) send(ctx context.Context, endpoint string, as aws.Credentials) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", c.contentType)
	if c.target != "" {
		request.Header.Set("X-Amz-Target", c.target)
	}
	sum := sha256.Sum256(c.body)
	if err := v4.NewSigner().SignHTTP(ctx, as, request, hex.EncodeToString(sum[:]), c.service, "us-east-1", time.Now()); err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("preparing the account: %s: %s", response.Status, answer)
	}
	return nil
}

// rootCredentials reads the `export NAME=value` lines of admin.env.
func rootCredentials(path string) (aws.Credentials, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("reading the root's credentials: %w", err)
	}
	var c aws.Credentials
	for line := range strings.Lines(string(content)) {
		switch name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "="); name {
		case "AWS_ACCESS_KEY_ID":
			c.AccessKeyID = value
		case "AWS_SECRET_ACCESS_KEY":
			c.SecretAccessKey = value
		}
	}
	return c, nil
}
