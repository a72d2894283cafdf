package awsapi

import (
	"context"
	"encoding/json"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
)

// RegisterClusterInput describes a cluster of the request's region. What is not given stays as an earlier registration left it.
type RegisterClusterInput struct {
	Name                 string
	Issuer               string
	Version              string            `json:",omitempty"`
	Endpoint             string            `json:",omitempty"`
	CertificateAuthority string            `json:",omitempty"` // base64 of PEM certificates
	ClientIDList         []string          `json:",omitempty"`
	Tags                 map[string]string `json:",omitempty"`
	Uid                  string            `json:",omitempty"` // of the cluster's kube-system namespace
	KeySet               json.RawMessage   `json:",omitempty"` // a JWK set (RFC 7517)
	TokenReview          *bool             `json:",omitempty"`
	SyncSubject          string            `json:",omitempty"` // system:serviceaccount:<namespace>:<name>, exempt from TokenReview
}

// RegisterClusterOutput names the cluster, and the provider that its issuer is.
type RegisterClusterOutput struct {
	ClusterArn               string
	OpenIDConnectProviderArn string
}

func registerCluster(d *iam.Directory) func(context.Context, iam.Caller, RegisterClusterInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in RegisterClusterInput) (any, error) {
		cluster, err := d.RegisterCluster(ctx, caller, iam.RegisterClusterInput{
			Name: in.Name, Issuer: in.Issuer, Version: in.Version, Endpoint: in.Endpoint, CertificateAuthority: in.CertificateAuthority,
			ClientIDList: in.ClientIDList, Tags: tagsOf(in.Tags), UID: in.Uid, KeySet: in.KeySet, TokenReview: in.TokenReview, SyncSubject: in.SyncSubject,
		})
		if err != nil {
			return nil, err
		}
		return RegisterClusterOutput{ClusterArn: cluster.ARN, OpenIDConnectProviderArn: cluster.ProviderARN}, nil
	}
}

// SyncClusterInput is what a cluster of the request's region says of itself. Uid is that of its kube-system namespace, KeySet its JWK set.
type SyncClusterInput struct {
	Name    string
	Uid     string
	KeySet  json.RawMessage
	Version string `json:",omitempty"`
}

// SyncClusterOutput tells a cluster what it is registered as: its issuer, and whether its tokens are to be reviewed.
type SyncClusterOutput struct {
	Issuer      string
	TokenReview bool
}

func syncCluster(d *iam.Directory) func(context.Context, iam.Caller, SyncClusterInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in SyncClusterInput) (any, error) {
		cluster, err := d.SyncCluster(ctx, caller, iam.SyncClusterInput{Name: in.Name, UID: in.Uid, KeySet: in.KeySet, Version: in.Version})
		if err != nil {
			return nil, err
		}
		return SyncClusterOutput{Issuer: cluster.Issuer, TokenReview: cluster.TokenReview}, nil
	}
}

// ListClustersOutput has the caller's account's clusters of every region. Dates are RFC 3339.
type ListClustersOutput struct{ Clusters []ClusterOutput }

// ClusterOutput is one registered cluster. OpenIDConnectProviderArn is empty where its provider was deleted, KeyIds where the issuer publishes its keys
// itself, SyncDate where it never pushed any.
type ClusterOutput struct {
	Name, Region, ClusterArn, Issuer string
	OpenIDConnectProviderArn         string   `json:",omitempty"`
	Version                          string   `json:",omitempty"`
	Uid                              string   `json:",omitempty"`
	KeyIds                           []string `json:",omitempty"`
	CreateDate                       string
	SyncDate                         string `json:",omitempty"`
	TokenReview                      bool
}

func listClusters(d *iam.Directory) func(context.Context, iam.Caller, struct{}) (any, error) {
	return func(ctx context.Context, caller iam.Caller, _ struct{}) (any, error) {
		clusters, err := d.ListRegisteredClusters(ctx, caller)
		if err != nil {
			return nil, err
		}
		out := ListClustersOutput{Clusters: []ClusterOutput{}}
		for _, c := range clusters {
			shown := ClusterOutput{Name: c.Name, Region: c.Region, ClusterArn: c.ARN, Issuer: c.Issuer, Version: c.Version, Uid: c.UID,
				KeyIds: c.KeyIDs, CreateDate: timestamp(c.Created), TokenReview: c.TokenReview}
			if c.HasProvider {
				shown.OpenIDConnectProviderArn = c.ProviderARN
			}
			if !c.Synced.IsZero() {
				shown.SyncDate = timestamp(c.Synced)
			}
			out.Clusters = append(out.Clusters, shown)
		}
		return out, nil
	}
}

// DeregisterClusterInput names a cluster of the request's region.
type DeregisterClusterInput struct {
	Name string
}

// DeregisterClusterOutput names the provider that is gone with the cluster. Sessions of its tokens were issued by DeregisterDate, RFC 3339, at the latest.
type DeregisterClusterOutput struct {
	OpenIDConnectProviderArn string
	DeregisterDate           string
}

func deregisterCluster(d *iam.Directory) func(context.Context, iam.Caller, DeregisterClusterInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in DeregisterClusterInput) (any, error) {
		gone, err := d.DeregisterCluster(ctx, caller, iam.ClusterInput{Name: in.Name})
		if err != nil {
			return nil, err
		}
		return DeregisterClusterOutput{OpenIDConnectProviderArn: gone.ProviderARN, DeregisterDate: timestamp(gone.At)}, nil
	}
}

// TokenReviews is what the door asks of package sts for clusters that review their tokens. Errors are *iam.Error.
type TokenReviews interface {
	ReceiveTokenReviews(ctx context.Context, caller iam.Caller, in sts.TokenReviewsInput) ([]sts.Review, error)
	CompleteTokenReviews(ctx context.Context, caller iam.Caller, in sts.TokenReviewsInput, results []sts.ReviewResult) error
}

// ReceiveTokenReviewsInput names the cluster that answers, of the request's region.
type ReceiveTokenReviewsInput struct{ Name, Uid string }

// ReceiveTokenReviewsOutput has tokens to review, perhaps none.
type ReceiveTokenReviewsOutput struct{ Reviews []sts.Review }

func receiveTokenReviews(r TokenReviews) func(context.Context, iam.Caller, ReceiveTokenReviewsInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in ReceiveTokenReviewsInput) (any, error) {
		received, err := r.ReceiveTokenReviews(ctx, caller, sts.TokenReviewsInput{Name: in.Name, UID: in.Uid})
		if err != nil {
			return nil, err
		}
		return ReceiveTokenReviewsOutput{Reviews: append([]sts.Review{}, received...)}, nil
	}
}

// CompleteTokenReviewsInput has a cluster's word on tokens that it received.
type CompleteTokenReviewsInput struct {
	Name, Uid string
	Results   []sts.ReviewResult
}

func completeTokenReviews(r TokenReviews) func(context.Context, iam.Caller, CompleteTokenReviewsInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in CompleteTokenReviewsInput) (any, error) {
		return nil, r.CompleteTokenReviews(ctx, caller, sts.TokenReviewsInput{Name: in.Name, UID: in.Uid}, in.Results)
	}
}
