package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// operate calls one of OpenIRSA's own operations, signed by the AWS SDK's signer.
func (p *plane) operate(t testing.TB, as aws.CredentialsProvider, operation string, in, out any) error {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "OpenIRSA."+operation)
	found, err := as.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(t.Context(), found, request, hex.EncodeToString(sum[:]), "openirsa", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", operation, response.Status, content)
	}
	if out != nil {
		if err := json.Unmarshal(content, out); err != nil {
			t.Fatalf("%s answered %q: %v", operation, content, err)
		}
	}
	return nil
}

// account is an account of the plane and its root.
type account struct {
	id   string
	root aws.CredentialsProvider
	sdk  *sdk
}

func (p *plane) createAccount(t testing.TB, id string) account {
	t.Helper()
	var out struct{ AccountId, AccessKeyId, SecretAccessKey string }
	if err := p.operate(t, p.adminSDK(t).config.Credentials, "CreateAccount", map[string]string{"AccountId": id}, &out); err != nil {
		t.Fatal(err)
	}
	root := credentials.NewStaticCredentialsProvider(out.AccessKeyId, out.SecretAccessKey, "")
	return account{id: out.AccountId, root: root, sdk: newSDK(t, p.endpoint, root)}
}

func (p *plane) adminAccount(t testing.TB) account {
	t.Helper()
	admin := p.adminSDK(t)
	return account{id: p.account, root: admin.config.Credentials, sdk: admin}
}

// provider registers issuer in the account with inline keys.
func (p *plane) provider(t testing.TB, a account, issuer, keys string, clientIDs ...string) (arn string) {
	t.Helper()
	out, err := a.sdk.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &issuer, ClientIDList: clientIDs})
	if err != nil {
		t.Fatal(err)
	}
	arn = aws.ToString(out.OpenIDConnectProviderArn)
	p.putKeys(t, a, arn, keys)
	return arn
}

func (p *plane) putKeys(t testing.TB, a account, arn, keys string) {
	t.Helper()
	if err := p.operate(t, a.root, "PutOpenIDConnectProviderKeys", map[string]any{"OpenIDConnectProviderArn": arn, "KeySet": json.RawMessage(keys)}, nil); err != nil {
		t.Fatal(err)
	}
}
