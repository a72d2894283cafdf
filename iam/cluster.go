package iam

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// Limits of clusters. The quota is EKS's default, of one account and region.
const (
	maxClusters             = 100
	maxClusterName          = 100
	maxVersion              = 64
	maxRegion               = 32
	maxEndpoint             = 255
	maxCertificateAuthority = 64 << 10
	maxClusterPage          = 100
	maxUID                  = 64
	maxSubject              = 22 + 63 + 1 + 253 // of a service account: names of namespaces are labels, those of accounts subdomains (RFC 1123)
)

// defaultClientID is the audience of the tokens that pods exchange, on EKS and here.
const defaultClientID = "sts.amazonaws.com"

// defaultSyncSubject is the account of `irsa cluster sync` in an installation by the chart (deploy/helm/openirsa).
const defaultSyncSubject = "system:serviceaccount:openirsa:openirsa-sync"

// Patterns of names (EKS's service model of 2017-11-01), and of what makes a record's key.
var (
	clusterName    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]*$`)
	regionName     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	versionName    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]*$`)
	serviceAccount = regexp.MustCompile(`^system:serviceaccount:[0-9a-z-]+:[0-9a-z.-]+$`)
	uidText        = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
)

// Cluster is a registered Kubernetes cluster: what DescribeCluster tells of it. Nothing here runs or reaches it.
type Cluster struct {
	Account              string    `json:"-"`
	ARN                  string    `json:"-"`
	ProviderARN          string    `json:"-"` // of its issuer; the provider may have been deleted since
	Name                 string    `json:"name"`
	Region               string    `json:"region"`
	Issuer               string    `json:"issuer"`
	Version              string    `json:"version,omitempty"`
	Endpoint             string    `json:"endpoint,omitempty"`
	CertificateAuthority string    `json:"certificateAuthority,omitempty"`
	Created              time.Time `json:"created"`
	Tags                 []Tag     `json:"tags,omitempty"`
	UID                  string    `json:"uid,omitempty"`         // of its kube-system namespace, which no other cluster has
	Synced               time.Time `json:"synced,omitzero"`       // when it last pushed its keys, to some minutes
	TokenReview          bool      `json:"tokenReview,omitempty"` // exchanges need the cluster's word
	SyncSubject          string    `json:"syncSubject,omitempty"` // of the tokens that are exchanged without that word: whoever gives it needs a session first
}

// clusterEntry is a cluster's record as a snapshot holds it.
type clusterEntry struct {
	revision int64
	cluster  Cluster
}

func (e *clusterEntry) at() int64 { return e.revision }

func (a *Account) readCluster(_ string, r Record, _ *clusterEntry) (*clusterEntry, error) {
	cluster, err := decode[Cluster](r)
	if err != nil {
		return nil, err
	}
	cluster = a.identified(cluster)
	return &clusterEntry{revision: r.Revision, cluster: cluster}, nil
}

// identified adds what a cluster's record implies.
func (a *Account) identified(c Cluster) Cluster {
	c.Account, c.ARN = a.id, a.eksARN(c.Region, "cluster/"+c.Name)
	c.ProviderARN = a.arn("oidc-provider/" + strings.TrimPrefix(c.Issuer, "https://"))
	return c
}

// eksARN of a resource of EKS in this account.
func (a *Account) eksARN(region, resource string) string {
	return policy.ARN{Partition: a.partition, Service: "eks", Region: region, Account: a.id, Resource: resource}.String()
}

// cluster finds a cluster of a region, by its exact name.
func (a *Account) cluster(region, name string) (*clusterEntry, error) {
	if entry, ok := a.clusters[region+"/"+name]; ok {
		return entry, nil
	}
	return nil, refusef("ResourceNotFoundException", "No cluster found for name: %s.", name)
}

// onCluster is a call of EKS on one cluster of the caller's region, with the condition keys of its tags.
func onCluster(service, name string, caller Caller, in input, clusterName string) call {
	region := caller.Origin.Region
	return call{service: service, name: name, in: in, on: func(a *Account) target {
		t := target{resource: a.eksARN(region, "cluster/"+clusterName)}
		if entry, err := a.cluster(region, clusterName); err == nil {
			t.keys = eksTags(entry.cluster.Tags)
		}
		return t
	}}
}

// eksTags are the condition keys of the tags that a resource of EKS has.
func eksTags(tags []Tag) conditions {
	keys := conditions{}
	for _, tag := range tags {
		keys["aws:ResourceTag/"+tag.Key] = []string{tag.Value}
	}
	return keys
}

func (in RegisterClusterInput) validate(v *validator) {
	v.clusterName(in.Name)
	CreateOpenIDConnectProviderInput{URL: in.Issuer, ClientIDList: in.ClientIDList, Tags: in.Tags}.validate(v)
	v.clusterUID(in.UID)
	v.version(in.Version)
	if in.SyncSubject != "" && (len(in.SyncSubject) > maxSubject || !serviceAccount.MatchString(in.SyncSubject)) {
		v.refuse("InvalidInput", "The subject that synchronizes is not like system:serviceaccount:NAMESPACE:NAME.")
	}
	if in.KeySet != nil {
		v.keySet(in.KeySet)
	}
	if u, err := url.Parse(in.Endpoint); in.Endpoint != "" && (err != nil || u.Scheme != "https" || !isHost(u) || u.User != nil ||
		len(in.Endpoint) > maxEndpoint || strings.ContainsAny(in.Endpoint, "?#")) {
		v.refuse("InvalidInput", "The endpoint is not an https:// URL of a host, at most %d characters long.", maxEndpoint)
	}
	if in.CertificateAuthority != "" && !isCertificateAuthority(in.CertificateAuthority) {
		v.refuse("InvalidInput", "The certificate authority is not base64 of PEM certificates, at most %d characters long.", maxCertificateAuthority)
	}
}

// isCertificateAuthority reports whether text is what a kubeconfig has as certificate-authority-data.
func isCertificateAuthority(text string) bool {
	if len(text) > maxCertificateAuthority {
		return false
	}
	rest, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	found := false
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return found && strings.TrimSpace(string(rest)) == ""
		}
		if block.Type != "CERTIFICATE" {
			return false // a private key, for example, is not for everybody who may describe the cluster
		}
		found = true
	}
}

func (v *validator) clusterName(name string) {
	if len(name) > maxClusterName || !clusterName.MatchString(name) {
		v.refuse("InvalidParameterException",
			"The cluster's name must be 1 to %d letters, digits, hyphens or underscores, and begin with a letter or digit.", maxClusterName)
	}
}

// RegisterCluster (openirsa) makes a cluster known under a name, in the region of the request, and its issuer a provider of the account,
// unless it is one already: that one stays as it is. It needs iam:CreateOpenIDConnectProvider too.
//
// Registering a cluster again changes what is given. An issuer belongs to one cluster: two with the same one would be one to every trust
// policy, and kubeadm gives all of its clusters the same unless kube-apiserver's --service-account-issuer is set. A name belongs to one cluster, by
// the UID of its kube-system namespace where that is given. With a key set, the keys are the provider's in the same write, which needs
// openirsa:PutOpenIDConnectProviderKeys too.
func (d *Directory) RegisterCluster(ctx context.Context, caller Caller, in RegisterClusterInput) (Cluster, error) {
	region := caller.Origin.Region
	c := onCluster("openirsa", "RegisterCluster", caller, in, in.Name)
	c.keys = requestTags(in.Tags)
	provider := func(a *Account) target {
		return target{resource: a.arn("oidc-provider/" + strings.TrimPrefix(in.Issuer, "https://"))}
	}
	c.also = []need{{action: "iam:CreateOpenIDConnectProvider", on: provider}}
	if in.KeySet != nil {
		c.also = append(c.also, need{action: "openirsa:PutOpenIDConnectProviderKeys", on: provider})
	}
	var out Cluster
	err := d.change(ctx, caller, c, func(tx *draft) (err error) {
		if !regionName.MatchString(region) || len(region) > maxRegion {
			return refusef("InvalidInput", "A cluster needs a region that is like eu-central-1.")
		}
		if err := tx.checkIssuer(region, in); err != nil {
			return err
		}
		if err := tx.provide(in); err != nil {
			return err
		}
		out, err = tx.register(region, in)
		return err
	})
	return out, err
}

// checkIssuer refuses an issuer that is another cluster's, and another issuer for the cluster that has this name.
func (tx *draft) checkIssuer(region string, in RegisterClusterInput) error {
	for _, entry := range tx.clusters {
		c := entry.cluster
		switch own := c.Region == region && c.Name == in.Name; {
		case own && c.UID != "" && in.UID != "" && c.UID != in.UID:
			return otherCluster(c, in.UID)
		case own && c.Issuer != in.Issuer:
			return refusef("EntityAlreadyExists", "Cluster %s is registered with the issuer %s. Deregister it first, or choose another name.", c.Name, c.Issuer)
		case !own && providerName(c.Issuer) == providerName(in.Issuer):
			return refusef("EntityAlreadyExists", "The issuer %s is that of cluster %s in %s. The service accounts of two clusters with one issuer cannot be told apart: "+
				"give this cluster its own with kube-apiserver's --service-account-issuer (kubeadm's default is the same for every cluster).", c.Issuer, c.Name, c.Region)
		}
	}
	return nil
}

// provide makes the cluster's issuer a provider, unless it is one, and gives it the keys, if there are any.
func (tx *draft) provide(in RegisterClusterInput) (err error) {
	if entry, ok := tx.providers[providerName(in.Issuer)]; ok {
		if entry.provider.Issuer != in.Issuer {
			return refusef("EntityAlreadyExists", "Provider with url %s already exists.", entry.provider.Issuer)
		}
		if in.KeySet != nil {
			_, err = tx.putKeys(in.Issuer, in.KeySet)
		}
		return err
	}
	clientIDs := unique(in.ClientIDList)
	if len(clientIDs) == 0 {
		clientIDs = []string{defaultClientID}
	}
	switch {
	case len(tx.providers) >= maxProviders:
		return quota("OpenIdConnectProvidersPerAccount", maxProviders)
	case len(clientIDs) > maxClientIDs:
		return quota("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
	}
	provider := OpenIDConnectProvider{Issuer: in.Issuer, ClientIDs: clientIDs, JWKS: in.KeySet, Created: tx.now}
	return stage(tx, recordKey(tx.id, kindProvider, providerName(in.Issuer)), 0, provider)
}

// register writes the cluster's record: a new one, or the present one with what is given.
func (tx *draft) register(region string, in RegisterClusterInput) (Cluster, error) {
	var revision int64
	c := tx.identified(Cluster{Name: in.Name, Region: region, Issuer: in.Issuer, Created: tx.now})
	if entry, err := tx.cluster(region, in.Name); err == nil {
		c, revision = entry.cluster, entry.revision
	} else if len(tx.clustersIn(region)) >= maxClusters {
		return Cluster{}, quota("ClustersPerRegion", maxClusters)
	}
	for _, given := range []struct {
		text string
		to   *string
	}{{in.Version, &c.Version}, {in.Endpoint, &c.Endpoint}, {in.CertificateAuthority, &c.CertificateAuthority}, {in.UID, &c.UID},
		{in.SyncSubject, &c.SyncSubject}} {
		if given.text != "" {
			*given.to = given.text
		}
	}
	if len(in.Tags) > 0 {
		c.Tags = in.Tags
	}
	if in.KeySet != nil {
		c.Synced = tx.now
	}
	if in.TokenReview != nil {
		c.TokenReview = *in.TokenReview
	}
	if c.TokenReview && c.SyncSubject == "" {
		c.SyncSubject = defaultSyncSubject
	}
	return c, stage(tx, recordKey(tx.id, kindCluster, region+"/"+in.Name), revision, c)
}

// clustersIn are the clusters of one region.
func (a *Account) clustersIn(region string) (names []string) {
	for _, entry := range a.clusters {
		if entry.cluster.Region == region {
			names = append(names, entry.cluster.Name)
		}
	}
	return names
}

func (in ClusterInput) validate(v *validator) { v.clusterName(in.Name) }

// DeregisteredCluster tells when a cluster was forgotten: what was exchanged before, may be revoked by aws:TokenIssueTime.
type DeregisteredCluster struct {
	Cluster
	At time.Time
}

// DeregisterCluster (openirsa) forgets a cluster and its add-ons, and deletes the provider of its issuer, which needs iam:DeleteOpenIDConnectProvider
// too: from then on none of its tokens is exchanged. Whoever made the provider: one that stayed would have its keys fetched from the issuer's URL, and
// with them the same tokens taken. Trust policies stay as they are.
func (d *Directory) DeregisterCluster(ctx context.Context, caller Caller, in ClusterInput) (DeregisteredCluster, error) {
	region := caller.Origin.Region
	c := onCluster("openirsa", "DeregisterCluster", caller, in, in.Name)
	c.also = []need{{action: "iam:DeleteOpenIDConnectProvider", on: func(a *Account) target {
		entry, err := a.cluster(region, in.Name)
		if err != nil {
			return target{resource: a.arn("oidc-provider/*")}
		}
		t := target{resource: entry.cluster.ProviderARN}
		if provider, ok := a.provider(entry.cluster.ProviderARN); ok {
			t.keys = resourceTags(provider.provider.Tags)
		}
		return t
	}}}
	var out DeregisteredCluster
	err := d.change(ctx, caller, c, func(tx *draft) error {
		entry, err := tx.cluster(region, in.Name)
		if err != nil {
			return refusef("NoSuchEntity", "No cluster found for name: %s.", in.Name)
		}
		tx.remove(recordKey(tx.id, kindCluster, region+"/"+in.Name), entry.revision)
		for _, addon := range tx.addonsOf(region, in.Name) {
			tx.remove(recordKey(tx.id, kindAddon, region+"/"+in.Name+"/"+addon.addon.Name), addon.revision)
		}
		if provider, ok := tx.providers[providerName(entry.cluster.Issuer)]; ok {
			tx.remove(recordKey(tx.id, kindProvider, providerName(entry.cluster.Issuer)), provider.revision)
		}
		out = DeregisteredCluster{Cluster: entry.cluster, At: tx.now}
		return nil
	})
	return out, err
}

// DescribeCluster (eks) returns a cluster of the request's region.
func (d *Directory) DescribeCluster(ctx context.Context, caller Caller, in ClusterInput) (Cluster, error) {
	return read(ctx, d, caller, onCluster("eks", "DescribeCluster", caller, in, in.Name), func(a *Account) (Cluster, error) {
		entry, err := a.cluster(caller.Origin.Region, in.Name)
		if err != nil {
			return Cluster{}, err
		}
		return entry.cluster, nil
	})
}

func (p ClusterPaging) validate(v *validator) {
	if p.MaxResults != nil && (*p.MaxResults < 1 || *p.MaxResults > maxClusterPage) {
		v.refuse("InvalidParameterException", "maxResults must be from 1 to %d.", maxClusterPage)
	}
	if _, err := afterMarker(p.NextToken); err != nil || len(p.NextToken) > maxMarker {
		v.refuse("InvalidParameterException", "nextToken is not valid.")
	}
}

// cut is a page of names.
func (p ClusterPaging) cut(names []string) Page[string] {
	return page(names, sameName, Paging{Marker: p.NextToken, MaxItems: p.MaxResults})
}

func (in ListClustersInput) validate(v *validator) {
	in.ClusterPaging.validate(v)
	if len(in.Include) > 1 || len(in.Include) == 1 && !slices.Contains(in.Include, "all") {
		v.refuse("InvalidParameterException", "include must be all.")
	}
}

// ListClusters (eks) lists the names of the clusters of the request's region. It has no resource-level permissions (Service Authorization
// Reference, Amazon EKS).
func (d *Directory) ListClusters(ctx context.Context, caller Caller, in ListClustersInput) (Page[string], error) {
	region := caller.Origin.Region
	c := call{service: "eks", name: "ListClusters", in: in, on: func(a *Account) target {
		return target{resource: "*", shown: a.eksARN(region, "cluster/*")}
	}}
	return read(ctx, d, caller, c, func(a *Account) (Page[string], error) { return in.cut(a.clustersIn(region)), nil })
}
