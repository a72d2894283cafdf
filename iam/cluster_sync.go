package iam

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/oidc"
)

// syncNoted is how old the time of a cluster's last synchronization may be before one that changes nothing writes it anew.
const syncNoted = 5 * time.Minute

// RegisteredCluster is a cluster with what its provider is now.
type RegisteredCluster struct {
	Cluster
	HasProvider bool     // it may have been deleted
	KeyIDs      []string // of the keys that the cluster pushed; empty: they are fetched from the issuer
}

func (in SyncClusterInput) validate(v *validator) {
	v.clusterName(in.Name)
	v.clusterUID(in.UID)
	if in.UID == "" {
		v.refuse("InvalidInput", "A cluster that synchronizes its keys names its kube-system namespace's UID.")
	}
	v.keySet(in.KeySet)
	v.version(in.Version)
}

func (v *validator) clusterUID(uid string) {
	if uid != "" && (len(uid) > maxUID || !uidText.MatchString(uid)) {
		v.refuse("InvalidInput", "The UID is not that of a Kubernetes namespace.")
	}
}

func (v *validator) version(version string) {
	if version != "" && (len(version) > maxVersion || !versionName.MatchString(version)) {
		v.refuse("InvalidInput", "The version is not like 1.33 or v1.33.2.")
	}
}

func (v *validator) keySet(set json.RawMessage) {
	if _, err := oidc.ParseJWKS(set); err != nil {
		v.refuse("InvalidInput", "The key set is not valid: %s", err)
	}
}

// SyncCluster (openirsa) takes the keys and the version that a cluster has now: its whole key set, which replaces the one before. Only the cluster
// that was registered may, by the UID of its kube-system namespace: another one with the same name and issuer has other keys, and whoever held both
// would take the tokens of either for the other's. It changes the keys of the cluster's own provider and needs no permission of IAM.
func (d *Directory) SyncCluster(ctx context.Context, caller Caller, in SyncClusterInput) (Cluster, error) {
	region := caller.Origin.Region
	var out Cluster
	err := d.change(ctx, caller, onCluster("openirsa", "SyncCluster", caller, in, in.Name), func(tx *draft) error {
		entry, err := tx.cluster(region, in.Name)
		if err != nil {
			return refusef("NoSuchEntity", "No cluster found for name: %s.", in.Name)
		}
		c := entry.cluster
		if c.UID != in.UID {
			return otherCluster(c, in.UID)
		}
		changed, err := tx.putKeys(c.Issuer, in.KeySet)
		if err != nil {
			return err
		}
		out = c
		if !changed && (in.Version == "" || in.Version == c.Version) && tx.now.Sub(c.Synced) < syncNoted {
			return nil
		}
		if out.Synced = tx.now; in.Version != "" {
			out.Version = in.Version
		}
		return stage(tx, recordKey(tx.id, kindCluster, region+"/"+in.Name), entry.revision, out)
	})
	return out, err
}

// otherCluster refuses a cluster that has the name of another.
func otherCluster(c Cluster, uid string) error {
	if c.UID == "" {
		return refusef("InvalidInput", "Cluster %s is registered without the UID of its kube-system namespace. Register it again with it, %s.", c.Name, uid)
	}
	return refusef("EntityAlreadyExists", "Cluster %s is registered as the one whose kube-system namespace has UID %s; this one's has %s. Deregister it first if it "+
		"was built anew, or choose another name.", c.Name, c.UID, uid)
}

// putKeys makes set the inline keys of the issuer's provider, if it is not.
func (tx *draft) putKeys(issuer string, set json.RawMessage) (changed bool, err error) {
	entry, ok := tx.providers[providerName(issuer)]
	if !ok || entry.provider.Issuer != issuer {
		return false, refusef("NoSuchEntity", "OpenIDConnect Provider not found for issuer %s.", issuer)
	}
	if bytes.Equal(entry.provider.JWKS, set) {
		return false, nil
	}
	p := entry.provider
	p.JWKS = set
	return true, stage(tx, recordKey(tx.id, kindProvider, providerName(issuer)), entry.revision, p)
}

// ListRegisteredClusters (openirsa: ListClusters) lists the account's clusters of every region, by region and name.
func (d *Directory) ListRegisteredClusters(ctx context.Context, caller Caller) ([]RegisteredCluster, error) {
	c := call{service: "openirsa", name: "ListClusters", on: func(a *Account) target {
		return target{resource: "*", shown: a.eksARN("*", "cluster/*")}
	}}
	return read(ctx, d, caller, c, func(a *Account) ([]RegisteredCluster, error) {
		clusters := make([]RegisteredCluster, 0, len(a.clusters))
		for _, entry := range a.clusters {
			clusters = append(clusters, a.registered(entry.cluster))
		}
		slices.SortFunc(clusters, func(x, y RegisteredCluster) int {
			return strings.Compare(x.Region+"/"+x.Name, y.Region+"/"+y.Name)
		})
		return clusters, nil
	})
}

func (a *Account) registered(c Cluster) RegisteredCluster {
	shown := RegisteredCluster{Cluster: c}
	entry, ok := a.providers[providerName(c.Issuer)]
	if shown.HasProvider = ok && entry.provider.Issuer == c.Issuer; shown.HasProvider && entry.provider.JWKS != nil {
		shown.KeyIDs, _ = oidc.ParseJWKS(entry.provider.JWKS) // it parsed when it was put
	}
	return shown
}

// ClusterOf is the cluster that has an issuer (exact "https://…" string). An account has one at most.
func (a *Account) ClusterOf(issuer string) (Cluster, bool) {
	for _, entry := range a.clusters {
		if entry.cluster.Issuer == issuer {
			return entry.cluster, true
		}
	}
	return Cluster{}, false
}

// ClusterARN is that of the cluster with this name, whether there is one or not.
func (a *Account) ClusterARN(region, name string) string { return a.eksARN(region, "cluster/"+name) }

// ClusterNamed finds a cluster of a region by its exact name.
func (a *Account) ClusterNamed(region, name string) (Cluster, bool) {
	entry, err := a.cluster(region, name)
	if err != nil {
		return Cluster{}, false
	}
	return entry.cluster, true
}
