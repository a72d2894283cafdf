package servers

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// StartMinIO runs MinIO with one drive and the signer as its OpenID provider. Its role stands for a policy, as ours does; its ARN
// is made of the client id's hash. What MinIO would ask the internet (updates) is off, the rest is as it comes.
func StartMinIO(ctx context.Context, binary, folder string, s *Signer) (*Server, error) {
	issuer := s.publish()
	address, err := FreeAddress()
	if err != nil {
		issuer.Close()
		return nil, err
	}
	root := aws.Credentials{AccessKeyID: "bench", SecretAccessKey: "bench-password"}
	began := time.Now()
	child, _, err := Launch("minio", binary, []string{
		"MINIO_ROOT_USER=" + root.AccessKeyID, "MINIO_ROOT_PASSWORD=" + root.SecretAccessKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off",
		"MINIO_IDENTITY_OPENID_CONFIG_URL=" + issuer.URL + "/.well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID=" + audience, "MINIO_IDENTITY_OPENID_ROLE_POLICY=readonly",
	}, false, "server", "--address", address, folder)
	if err != nil {
		issuer.Close()
		return nil, err
	}
	child.close, child.Address, child.Root = issuer.Close, address, root
	sum := sha1.Sum([]byte(audience))
	child.Role = "arn:minio:iam:::role/" + encode(sum[:])
	if err := child.await(ctx, s); err != nil {
		return nil, child.Fail(err)
	}
	child.Ready = time.Since(began)
	return child, nil
}

// await exchanges tokens until one is answered with credentials: MinIO says nothing when its IAM has been loaded.
func (s *Server) await(ctx context.Context, signer *Signer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := s.Session(ctx, signer)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-again.C:
		}
	}
}

// publish serves the signer's discovery document and keys.
func (s *Signer) publish() *httptest.Server {
	mux := http.NewServeMux()
	published := httptest.NewServer(mux)
	answer := func(document any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(document)
		}
	}
	mux.Handle("GET /.well-known/openid-configuration", answer(map[string]any{
		"issuer": s.issuer, "jwks_uri": published.URL + "/keys", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}}))
	mux.Handle("GET /keys", answer(s.jwks()))
	return published
}
