package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Registration describes a cluster to register, of the client's region. What is empty stays as an earlier registration left it.
type Registration struct {
	Name                 string
	Issuer               string
	Version              string          `json:",omitempty"`
	Endpoint             string          `json:",omitempty"`
	CertificateAuthority string          `json:",omitempty"` // base64 of PEM
	ClientIDList         []string        `json:",omitempty"` // of the provider, if the registration makes it
	Uid                  string          `json:",omitempty"` // of the cluster's kube-system namespace
	KeySet               json.RawMessage `json:",omitempty"` // a JWK set
	TokenReview          *bool           `json:",omitempty"`
	SyncSubject          string          `json:",omitempty"` // of the service account that answers reviews
}

// Registered names what a registration made.
type Registered struct {
	ClusterArn               string
	OpenIDConnectProviderArn string
}

// RegisterCluster makes a cluster known, its issuer a provider and its keys the provider's: all of it, or nothing.
func (c *Client) RegisterCluster(ctx context.Context, in Registration) (out Registered, err error) {
	err = c.operate(ctx, "RegisterCluster", in, &out)
	return out, err
}

// Synced is what a cluster is registered as.
type Synced struct {
	Issuer      string
	TokenReview bool // its tokens are to be reviewed
}

// SyncCluster pushes what a cluster's keys and version are now.
func (c *Client) SyncCluster(ctx context.Context, name, uid, version string, keySet []byte) (out Synced, err error) {
	err = c.operate(ctx, "SyncCluster", struct {
		Name, Uid string
		KeySet    json.RawMessage
		Version   string `json:",omitempty"`
	}{name, uid, keySet, version}, &out)
	return out, err
}

// Cluster is a registered cluster. Dates are RFC 3339; see the plane's ListClusters for what is empty when.
type Cluster struct {
	Name, Region, ClusterArn, Issuer, OpenIDConnectProviderArn string
	Version, Uid                                               string
	KeyIds                                                     []string
	CreateDate, SyncDate                                       string
	TokenReview                                                bool
}

// Clusters returns the account's clusters of every region.
func (c *Client) Clusters(ctx context.Context) ([]Cluster, error) {
	var out struct{ Clusters []Cluster }
	err := c.operate(ctx, "ListClusters", struct{}{}, &out)
	return out.Clusters, err
}

// Deregistered names the provider that is gone with a cluster.
type Deregistered struct {
	OpenIDConnectProviderArn string
	DeregisterDate           string // RFC 3339, by the plane's clock
}

// DeregisterCluster forgets a cluster of the client's region, and its provider.
func (c *Client) DeregisterCluster(ctx context.Context, name string) (out Deregistered, err error) {
	err = c.operate(ctx, "DeregisterCluster", map[string]string{"Name": name}, &out)
	return out, err
}

// TokenReview is a token that the plane wants the cluster's word on.
type TokenReview struct {
	ID        string `json:"Id"`
	Token     string
	Audiences []string
}

// TokenReviewResult is that word.
type TokenReviewResult struct {
	ID            string `json:"Id"`
	Authenticated bool
}

// ReceiveTokenReviews waits for tokens of the cluster to review, for as long as the plane holds the request.
func (c *Client) ReceiveTokenReviews(ctx context.Context, name, uid string) ([]TokenReview, error) {
	var out struct{ Reviews []TokenReview }
	err := c.operate(ctx, "ReceiveTokenReviews", map[string]string{"Name": name, "Uid": uid}, &out)
	return out.Reviews, err
}

// CompleteTokenReviews gives the cluster's word.
func (c *Client) CompleteTokenReviews(ctx context.Context, name, uid string, results []TokenReviewResult) error {
	return c.operate(ctx, "CompleteTokenReviews", struct {
		Name, Uid string
		Results   []TokenReviewResult
	}{name, uid, results}, &struct{}{})
}

// Question is about the exchange of a service account's tokens for a session of a role.
type Question struct {
	RoleArn, Issuer, Namespace, ServiceAccount string
	Audience                                   string `json:",omitempty"`
}

// Advice is one thing that will go wrong with it.
type Advice struct{ ID, Text string }

// Preflight asks the plane what will go wrong.
func (c *Client) Preflight(ctx context.Context, q Question) ([]Advice, error) {
	var out struct{ Warnings []Advice }
	err := c.operate(ctx, "Preflight", q, &out)
	return out.Warnings, err
}

// RoleTrust is a role and its trust policy, a JSON document.
type RoleTrust struct{ Name, ARN, TrustPolicy string }

// RoleTrusts returns all roles of the account.
func (c *Client) RoleTrusts(ctx context.Context) ([]RoleTrust, error) {
	var roles []RoleTrust
	paginator := iam.NewListRolesPaginator(c.iam, &iam.ListRolesInput{})
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(ctx)
		if err != nil {
			return nil, asError("IAM ListRoles", err)
		}
		for _, role := range page.Roles {
			document, err := url.PathUnescape(aws.ToString(role.AssumeRolePolicyDocument))
			if err != nil {
				return nil, fmt.Errorf("reading the trust policy of %s: %w", aws.ToString(role.Arn), err)
			}
			roles = append(roles, RoleTrust{aws.ToString(role.RoleName), aws.ToString(role.Arn), document})
		}
	}
	return roles, nil
}
