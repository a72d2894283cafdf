package main

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// startMinIO runs MinIO with one drive and the signer as its OpenID provider. Its role stands for a policy, as ours does; its ARN
// is made of the client id's hash. What MinIO would ask the internet (updates) is off, the rest is as it comes.
func startMinIO(ctx context.Context, binary, folder string, s *signer) (*server, error) {
	issuer := s.publish()
	address, err := freeAddress()
	if err != nil {
		issuer.Close()
		return nil, err
	}
	began := time.Now()
	child, _, err := launch("minio", binary, []string{
		"MINIO_ROOT_USER=bench", "MINIO_ROOT_PASSWORD=bench-password", "MINIO_BROWSER=off", "MINIO_UPDATE=off",
		"MINIO_IDENTITY_OPENID_CONFIG_URL=" + issuer.URL + "/.well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID=" + audience, "MINIO_IDENTITY_OPENID_ROLE_POLICY=readonly",
	}, false, "server", "--address", address, folder)
	if err != nil {
		issuer.Close()
		return nil, err
	}
	child.close, child.address = issuer.Close, address
	sum := sha1.Sum([]byte(audience))
	child.roleARN = "arn:minio:iam:::role/" + encode(sum[:])
	if err := child.await(ctx, s); err != nil {
		child.stop() // its output says more than how it ended
		return nil, fmt.Errorf("%w\n%s", err, child.output)
	}
	child.ready = time.Since(began)
	return child, nil
}

// await exchanges a token until it is answered with credentials: MinIO says nothing when its IAM has been loaded.
func (s *server) await(ctx context.Context, issuer *signer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tokens, err := issuer.tokens(1)
	if err != nil {
		return err
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := measure(ctx, s, tokens, load{clients: 1, requests: 1, limit: time.Second})
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
func (s *signer) publish() *httptest.Server {
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
