// Package cloud is the adapter to real AWS, or to anything that speaks its API, through the AWS SDK for Go v2.
//
// It owns how the tools reach AWS (the SDK's standard configuration: environment, profile, AWS_ENDPOINT_URL), the few calls
// that they make, and the one error shape that they read. It decides nothing: what a role may do is policy's business, and
// what is wrong with one is the doctor's.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// Config says where and as whom to call. Its zero value is the SDK's standard configuration.
type Config struct {
	Endpoint string // base URL of every service; empty: AWS_ENDPOINT_URL, or AWS itself
	Region   string // empty: the standard configuration's
	// Credentials are used as they are when AccessKeyID is set.
	Credentials Credentials
	// WebIdentity makes the SDK exchange a token file for credentials, as it does in a pod that has AWS_ROLE_ARN and
	// AWS_WEB_IDENTITY_TOKEN_FILE.
	WebIdentity WebIdentity
	// MaxAttempts bounds the SDK's retries; 0 keeps its default of 3.
	MaxAttempts int
}

// Credentials are one set of AWS credentials. Expires is zero for long-term keys.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
}

// WebIdentity is what the admission webhook puts into a pod's environment.
type WebIdentity struct{ RoleARN, TokenFile, SessionName string }

// Client calls AWS. It is safe for concurrent use.
type Client struct {
	config aws.Config
	iam    *iam.Client
	sts    *sts.Client
	s3     *s3.Client
}

// New makes a Client. It reaches out only when the standard configuration does, for example to read a profile.
func New(ctx context.Context, c Config) (*Client, error) {
	options := []func(*config.LoadOptions) error{}
	if c.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(c.Endpoint))
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if c.MaxAttempts > 0 {
		options = append(options, config.WithRetryMaxAttempts(c.MaxAttempts))
	}
	if c.Credentials.AccessKeyID != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(
			c.Credentials.AccessKeyID, c.Credentials.SecretAccessKey, c.Credentials.SessionToken)))
	}
	// The SDK makes the client that exchanges a pod's token before it has read AWS_ENDPOINT_URL (aws-sdk-go-v2/config, defaultAWSConfigResolvers), and
	// so would exchange it at AWS. It is given one that has been told.
	exchange, err := config.LoadDefaultConfig(ctx, append(slices.Clone(options), config.WithCredentialsProvider(aws.AnonymousCredentials{}))...)
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	options = append(options, config.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) { o.Client = sts.NewFromConfig(exchange) }))
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if loaded.HTTPClient == nil { // the SDK's clients make their own; OpenIRSA's own operations share this one
		loaded.HTTPClient = awshttp.NewBuildableClient()
	}
	if c.WebIdentity.RoleARN != "" {
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(
			sts.NewFromConfig(loaded), c.WebIdentity.RoleARN, stscreds.IdentityTokenFile(c.WebIdentity.TokenFile),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = c.WebIdentity.SessionName }))
	}
	return &Client{
		config: loaded,
		iam:    iam.NewFromConfig(loaded),
		sts:    sts.NewFromConfig(loaded),
		// Path style, because an endpoint that is an IP address has no names for buckets under it.
		s3: s3.NewFromConfig(loaded, func(o *s3.Options) { o.UsePathStyle = true }),
	}, nil
}

// Error is a refusal by the service that was called.
type Error struct {
	Operation string // "STS AssumeRoleWithWebIdentity"
	Code      string
	Message   string
	Status    int    // HTTP
	RequestID string // resolves to an explanation with `irsa events --request`
}

// Error is the service's answer in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (HTTP %d): %s", e.Operation, e.Code, e.Status, e.Message)
}

// asError turns an SDK error into *Error where a service answered, and wraps it with what was being done otherwise.
func asError(operation string, err error) error {
	if err == nil {
		return nil
	}
	refusal := &Error{Operation: operation}
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		refusal.Status, refusal.RequestID = response.HTTPStatusCode(), response.ServiceRequestID()
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		refusal.Code, refusal.Message = api.ErrorCode(), api.ErrorMessage()
		return refusal
	}
	return fmt.Errorf("calling %s: %w", operation, err)
}
