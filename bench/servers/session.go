package servers

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Form is the body with which a token is exchanged for credentials of the server's role.
func (s *Server) Form(token string) string {
	return url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {s.Role},
		"RoleSessionName": {"bench"}, "WebIdentityToken": {token}}.Encode()
}

// Session exchanges a token of the signer's.
func (s *Server) Session(ctx context.Context, signer *Signer) (aws.Credentials, error) {
	tokens, err := signer.Tokens(1)
	if err != nil {
		return aws.Credentials{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Address+"/", strings.NewReader(s.Form(tokens[0])))
	if err != nil {
		return aws.Credentials{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := answered(request)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("exchanging a token: %w", err)
	}
	var document struct {
		Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string } `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}
	if err := xml.Unmarshal(answer, &document); err != nil {
		return aws.Credentials{}, fmt.Errorf("reading the answer to an exchange: %w", err)
	}
	c := document.Credentials
	if c.AccessKeyId == "" || c.SecretAccessKey == "" || c.SessionToken == "" {
		return aws.Credentials{}, errors.New("the answer to an exchange has no credentials of a session")
	}
	return aws.Credentials{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
}
