package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// maxAnswer bounds the answer to one of OpenIRSA's own operations.
const maxAnswer = 8 << 20

// ErrNoEndpoint is returned when no endpoint is configured: OpenIRSA's own operations need one, since AWS does not have them.
var ErrNoEndpoint = errors.New("no endpoint is configured: set AWS_ENDPOINT_URL, for example by sourcing admin.env")

// Events returns the trail's events of one request, newest first.
func (c *Client) Events(ctx context.Context, requestID string) ([]trail.Event, error) {
	var out struct{ Events []trail.Event }
	err := c.operate(ctx, "GetEvents", map[string]string{"RequestId": requestID}, &out)
	return out.Events, err
}

// NeedsEndpoint is ErrNoEndpoint where none is configured, so that calls would go to AWS itself.
func (c *Client) NeedsEndpoint() error {
	if c.config.BaseEndpoint == nil || *c.config.BaseEndpoint == "" {
		return ErrNoEndpoint
	}
	return nil
}

// DisableRoot deletes every access key of the root of the caller's account.
func (c *Client) DisableRoot(ctx context.Context) error {
	return c.operate(ctx, "DisableRoot", struct{}{}, &struct{}{})
}

// operate calls one of OpenIRSA's own operations: a signed JSON request on the AWS port, scope "openirsa".
func (c *Client) operate(ctx context.Context, operation string, in, out any) error {
	if err := c.NeedsEndpoint(); err != nil {
		return err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", operation, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, *c.config.BaseEndpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the request for %s: %w", operation, err)
	}
	if request.URL.Path == "" {
		request.URL.Path = "/"
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "OpenIRSA."+operation)
	if err := c.sign(ctx, request, body); err != nil {
		return fmt.Errorf("signing %s: %w", operation, err)
	}
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return fmt.Errorf("calling %s: %w", operation, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer to %s: %w", operation, err)
	}
	if response.StatusCode != http.StatusOK {
		refusal := &Error{Operation: "openirsa " + operation, Status: response.StatusCode, RequestID: response.Header.Get("X-Amzn-Requestid")}
		var shape struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if json.Unmarshal(answer, &shape) != nil || shape.Type == "" {
			return fmt.Errorf("calling %s: HTTP %d, and the answer is not OpenIRSA's", operation, response.StatusCode)
		}
		refusal.Code, refusal.Message = shape.Type, shape.Message
		return refusal
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decoding the answer to %s: %w", operation, err)
	}
	return nil
}

func (c *Client) sign(ctx context.Context, request *http.Request, body []byte) error {
	if c.config.Credentials == nil {
		return errors.New("no credentials are configured")
	}
	found, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("finding credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	return sigv4.Sign(&sigv4.Request{
		Method: request.Method, Path: request.URL.EscapedPath(), RawQuery: request.URL.RawQuery, Host: request.URL.Host,
		Header: request.Header, PayloadHash: hex.EncodeToString(sum[:]),
	}, sigv4.Credentials{AccessKeyID: found.AccessKeyID, SecretAccessKey: found.SecretAccessKey, SessionToken: found.SessionToken},
		c.config.Region, "openirsa", time.Now().UTC())
}

// requestID reads the id that the service gave the request.
func requestID(metadata smithymiddleware.Metadata) (string, bool) {
	return middleware.GetRequestIDMetadata(metadata)
}
