package iam

import "encoding/json"

// The inputs of the calls on clusters and their add-ons. The JSON tags are EKS's names, as CloudTrail's requestParameters have them.

// RegisterClusterInput (openirsa) describes a cluster of the region that the request was signed for. What is not given stays as an earlier
// registration left it. ClientIDList is for the OIDC provider, if the registration makes it; without one it takes tokens for sts.amazonaws.com.
type RegisterClusterInput struct {
	Name                 string   `json:"name"`
	Issuer               string   `json:"issuer"` // the exact issuer string, "https://…"
	Version              string   `json:"version,omitempty"`
	Endpoint             string   `json:"endpoint,omitempty"`             // of the Kubernetes API, "https://…"
	CertificateAuthority string   `json:"certificateAuthority,omitempty"` // base64 of PEM certificates, as in a kubeconfig
	ClientIDList         []string `json:"clientIDList,omitempty"`
	Tags                 []Tag    `json:"tags,omitempty"`
	// UID is that of the cluster's kube-system namespace, which it keeps for life and no other cluster has.
	UID string `json:"uid,omitempty"`
	// KeySet is a JWK set (RFC 7517), the keys that sign the cluster's tokens; nil: they stay as they are, which of a new provider is that they
	// are fetched from the issuer.
	KeySet json.RawMessage `json:"keySet,omitempty"`
	// TokenReview, if true, has exchanges wait for the cluster's own word on each token; nil: as it is.
	TokenReview *bool `json:"tokenReview,omitempty"`
	// SyncSubject is the service account that gives that word, system:serviceaccount:<namespace>:<name>: its own tokens are exchanged without it.
	// Empty: as it is, and the chart's account (openirsa-sync in openirsa) where none was given before TokenReview.
	SyncSubject string `json:"syncSubject,omitempty"`
}

// SyncClusterInput (openirsa) is what a cluster of the request's region says of itself: Name and UID say which it is.
type SyncClusterInput struct {
	Name    string          `json:"name"`
	UID     string          `json:"uid"`
	KeySet  json.RawMessage `json:"keySet"`
	Version string          `json:"version,omitempty"`
}

// ClusterInput names a cluster: DescribeCluster, DeregisterCluster.
type ClusterInput struct {
	Name string `json:"name"`
}

// ClusterPaging is the position of a listing of EKS: NextToken continues where an earlier page ended ("": the beginning), MaxResults is the
// page's size (nil: 100).
type ClusterPaging struct {
	MaxResults *int   `json:"maxResults,omitempty"`
	NextToken  string `json:"nextToken,omitempty"`
}

// ListClustersInput selects clusters. Include is empty or "all", which adds connected clusters on AWS; here there is one kind.
type ListClustersInput struct {
	Include []string `json:"include,omitempty"`
	ClusterPaging
}

// ListAddonsInput lists the add-ons of one cluster.
type ListAddonsInput struct {
	ClusterName string `json:"name"`
	ClusterPaging
}

// AddonInput names an add-on of a cluster: DescribeAddon.
type AddonInput struct {
	ClusterName string `json:"name"`
	AddonName   string `json:"addonName"`
}

// DeleteAddonInput names an add-on. Preserve leaves its software on the cluster; it is recorded, since nothing here touches clusters.
type DeleteAddonInput struct {
	AddonInput
	Preserve bool `json:"preserve,omitempty"`
}

// PodIdentityAssociation is a service account and a role, by EKS Pod Identity.
type PodIdentityAssociation struct {
	ServiceAccount string `json:"serviceAccount"`
	RoleARN        string `json:"roleArn"`
}

// AddonSettings are what CreateAddon and UpdateAddon have in common. What is nil was not given.
type AddonSettings struct {
	AddonVersion            *string                  `json:"addonVersion,omitempty"`
	ServiceAccountRoleARN   *string                  `json:"serviceAccountRoleArn,omitempty"`
	ResolveConflicts        string                   `json:"resolveConflicts,omitempty"` // OVERWRITE, NONE or PRESERVE
	ClientRequestToken      string                   `json:"clientRequestToken,omitempty"`
	ConfigurationValues     *string                  `json:"configurationValues,omitempty"`
	PodIdentityAssociations []PodIdentityAssociation `json:"podIdentityAssociations,omitempty"` // must be empty
}

// CreateAddonInput describes a new add-on.
type CreateAddonInput struct {
	AddonInput
	AddonSettings
	Namespace string `json:"namespace,omitempty"`
	Tags      []Tag  `json:"tags,omitempty"`
}

// UpdateAddonInput changes an add-on. A version or configuration that is not given stays; a role that is not given is taken away.
type UpdateAddonInput struct {
	AddonInput
	AddonSettings
}
