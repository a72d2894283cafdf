package servers

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

// Region is that of every request.
const Region = "us-east-1"

// IRSA says how to run `irsa up`.
type IRSA struct {
	Name      string
	Binary    string   // its path
	Folder    string   // a new one
	Actions   []string // that the role may do, on any object of the bucket shop
	Arguments []string // further ones
}

// Start runs it, registers the signer as a provider with inline keys, and makes the role.
func (i IRSA) Start(ctx context.Context, signer *Signer) (*Server, error) {
	began := time.Now()
	arguments := append([]string{"up", "--output", "json", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", i.Folder}, i.Arguments...)
	child, stdout, err := Launch(i.Name, i.Binary, nil, true, arguments...)
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	child.Ready = time.Since(began)
	if err == nil {
		err = i.prepare(ctx, child, line, signer)
	}
	if err != nil {
		return nil, child.Fail(err)
	}
	return child, nil
}

// prepare reads the greeting of `irsa up` and makes the account ready for exchanges.
func (i IRSA) prepare(ctx context.Context, s *Server, greeting []byte, issuer *Signer) error {
	var said struct{ Endpoint, Account string }
	if err := json.Unmarshal(greeting, &said); err != nil || said.Endpoint == "" {
		return fmt.Errorf("it did not say where it serves: %s", greeting)
	}
	s.Address = strings.TrimPrefix(said.Endpoint, "http://")
	root, err := rootCredentials(filepath.Join(i.Folder, "admin.env"))
	if err != nil {
		return err
	}
	s.Root = root
	host := strings.TrimPrefix(issuer.issuer, "https://")
	provider := "arn:aws:iam::" + said.Account + ":oidc-provider/" + host
	keys, err := json.Marshal(map[string]any{"OpenIDConnectProviderArn": provider, "KeySet": issuer.jwks()})
	if err != nil {
		return err
	}
	actions, err := json.Marshal(i.Actions)
	if err != nil {
		return err
	}
	s.Role = "arn:aws:iam::" + said.Account + ":role/app"
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":%q},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"%s:aud":%q,"%s:sub":%q}}}]}`, provider, host, audience, host, subject)
	permissions := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":"arn:aws:s3:::shop/*"}]}`, actions)
	for _, c := range []Call{
		query("CreateOpenIDConnectProvider", "Url", issuer.issuer, "ClientIDList.member.1", audience),
		{Method: http.MethodPost, Path: "/", Service: "openirsa", Header: map[string]string{
			"X-Amz-Target": "OpenIRSA.PutOpenIDConnectProviderKeys", "Content-Type": "application/x-amz-json-1.1"}, Body: keys},
		query("CreateRole", "RoleName", "app", "AssumeRolePolicyDocument", trust),
		query("PutRolePolicy", "RoleName", "app", "PolicyName", "shop", "PolicyDocument", permissions),
	} {
		if err := s.Do(ctx, c); err != nil {
			return fmt.Errorf("preparing the account: %w", err)
		}
	}
	return nil
}

// query is an IAM call; parameters are names and values in turn.
func query(action string, parameters ...string) Call {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return Call{Method: http.MethodPost, Path: "/", Service: "iam", Body: []byte(form.Encode()),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
}

// Call is one request of the preparation.
type Call struct {
	Method, Path string
	Service      string // that it is signed for
	Header       map[string]string
	Body         []byte
}

// Do sends a call that the root signs, and wants to be answered with 200.
func (s *Server) Do(ctx context.Context, c Call) error {
	request, err := http.NewRequestWithContext(ctx, c.Method, "http://"+s.Address+c.Path, bytes.NewReader(c.Body))
	if err != nil {
		return err
	}
	for name, value := range c.Header {
		request.Header.Set(name, value)
	}
	sum := sha256.Sum256(c.Body)
	hash := hex.EncodeToString(sum[:])
	request.Header.Set("X-Amz-Content-Sha256", hash)
	if err := v4.NewSigner().SignHTTP(ctx, s.Root, request, hash, c.Service, Region, time.Now()); err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	_, err = answered(request)
	return err
}

// answered sends a request and returns the body of its answer, which must be a 200.
func answered(request *http.Request) ([]byte, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s: %s", request.Method, request.URL.Path, response.Status, answer)
	}
	return answer, nil
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
