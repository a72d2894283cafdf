package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// maxObject bounds what GetObject reads into memory.
const maxObject = 1 << 20

// CreateRole makes a role with this trust policy and returns its ARN.
func (c *Client) CreateRole(ctx context.Context, name, trustPolicy string) (arn string, err error) {
	out, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trustPolicy})
	if err != nil {
		return "", asError("IAM CreateRole", err)
	}
	return aws.ToString(out.Role.Arn), nil
}

// PutRolePolicy writes an inline policy.
func (c *Client) PutRolePolicy(ctx context.Context, role, name, document string) error {
	_, err := c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: &name, PolicyDocument: &document})
	return asError("IAM PutRolePolicy", err)
}

// ProviderClientIDs returns the client ids of a registered OIDC provider.
func (c *Client) ProviderClientIDs(ctx context.Context, arn string) ([]string, error) {
	out, err := c.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if err != nil {
		return nil, asError("IAM GetOpenIDConnectProvider", err)
	}
	return out.ClientIDList, nil
}

// Exchange is the answer to AssumeRoleWithWebIdentity.
type Exchange struct {
	Credentials Credentials
	RoleARN     string // of the session: arn:aws:sts::…:assumed-role/…
	Subject     string
	Provider    string
	Audience    string
	RequestID   string
}

// AssumeRoleWithWebIdentity exchanges token for a session of the role. The call is unsigned, as AWS defines it.
func (c *Client) AssumeRoleWithWebIdentity(ctx context.Context, roleARN, sessionName, token string) (Exchange, error) {
	var e Exchange
	out, err := c.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &roleARN, RoleSessionName: &sessionName, WebIdentityToken: &token})
	if err != nil {
		return e, asError("STS AssumeRoleWithWebIdentity", err)
	}
	if out.Credentials == nil || out.AssumedRoleUser == nil {
		return e, errors.New("calling STS AssumeRoleWithWebIdentity: the answer has no credentials")
	}
	e = Exchange{
		Credentials: Credentials{
			AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
			SessionToken: aws.ToString(out.Credentials.SessionToken), Expires: aws.ToTime(out.Credentials.Expiration)},
		RoleARN: aws.ToString(out.AssumedRoleUser.Arn), Subject: aws.ToString(out.SubjectFromWebIdentityToken),
		Provider: aws.ToString(out.Provider), Audience: aws.ToString(out.Audience),
	}
	e.RequestID, _ = requestID(out.ResultMetadata)
	return e, nil
}

// CallerIdentity returns the ARN that the service sees.
func (c *Client) CallerIdentity(ctx context.Context) (arn string, err error) {
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", asError("STS GetCallerIdentity", err)
	}
	return aws.ToString(out.Arn), nil
}

// AccessKey is one of the caller's own long-term access keys; Secret is known only of one just made.
type AccessKey struct {
	ID, Secret string
	Active     bool
}

// OwnAccessKeys lists the access keys of who calls.
func (c *Client) OwnAccessKeys(ctx context.Context) ([]AccessKey, error) {
	out, err := c.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{})
	if err != nil {
		return nil, asError("IAM ListAccessKeys", err)
	}
	keys := make([]AccessKey, 0, len(out.AccessKeyMetadata)) // a page holds more than anybody may have
	for _, key := range out.AccessKeyMetadata {
		keys = append(keys, AccessKey{ID: aws.ToString(key.AccessKeyId), Active: key.Status == types.StatusTypeActive})
	}
	return keys, nil
}

// CreateOwnAccessKey makes another access key for who calls.
func (c *Client) CreateOwnAccessKey(ctx context.Context) (AccessKey, error) {
	out, err := c.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{})
	if err != nil {
		return AccessKey{}, asError("IAM CreateAccessKey", err)
	}
	return AccessKey{ID: aws.ToString(out.AccessKey.AccessKeyId), Secret: aws.ToString(out.AccessKey.SecretAccessKey), Active: true}, nil
}

// DeleteOwnAccessKey deletes an access key of who calls.
func (c *Client) DeleteOwnAccessKey(ctx context.Context, id string) error {
	_, err := c.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: &id})
	return asError("IAM DeleteAccessKey", err)
}

// CreateBucket makes a bucket.
func (c *Client) CreateBucket(ctx context.Context, bucket string) error {
	_, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	return asError("S3 CreateBucket", err)
}

// PutObject writes an object and returns the request's id.
func (c *Client) PutObject(ctx context.Context, bucket, key, content string) (id string, err error) {
	out, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)})
	if err != nil {
		return "", asError("S3 PutObject", err)
	}
	id, _ = requestID(out.ResultMetadata)
	return id, nil
}

// GetObject reads an object of at most 1 MiB and returns it with the request's id.
func (c *Client) GetObject(ctx context.Context, bucket, key string) (content, id string, err error) {
	out, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", "", asError("S3 GetObject", err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, maxObject+1))
	if err != nil {
		return "", "", fmt.Errorf("reading the object %s/%s: %w", bucket, key, err)
	}
	if len(body) > maxObject {
		return "", "", fmt.Errorf("reading the object %s/%s: it is larger than %d bytes", bucket, key, maxObject)
	}
	id, _ = requestID(out.ResultMetadata)
	return string(body), id, nil
}

// DeleteObject removes an object.
func (c *Client) DeleteObject(ctx context.Context, bucket, key string) error {
	_, err := c.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	return asError("S3 DeleteObject", err)
}

// Credentials returns the credentials that calls are signed with, exchanging the web identity first where there is one.
func (c *Client) Credentials(ctx context.Context) (Credentials, error) {
	found, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return Credentials{}, asError("STS AssumeRoleWithWebIdentity", err)
	}
	expires := time.Time{}
	if found.CanExpire {
		expires = found.Expires
	}
	return Credentials{AccessKeyID: found.AccessKeyID, SecretAccessKey: found.SecretAccessKey, SessionToken: found.SessionToken, Expires: expires}, nil
}
