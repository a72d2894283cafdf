package awsapi

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
)

// eksRoutes are the calls of the EKS API, version 2017-11-01, that tell of registered clusters and their add-ons.
func eksRoutes(d *iam.Directory) []route {
	const clusters, cluster, addons, addon = "/clusters", "/clusters/{}", "/clusters/{}/addons", "/clusters/{}/addons/{}"
	routes := []route{
		{"GET", clusters, restCall(decodeListClusters, d.ListClusters, encodeClusters).as("ListClusters")},
		{"GET", cluster, restCall(func(q *request) (iam.ClusterInput, error) {
			return iam.ClusterInput{Name: q.labels[0]}, nil
		}, d.DescribeCluster, encodeCluster).as("DescribeCluster")},
		{"GET", addons, restCall(func(q *request) (iam.ListAddonsInput, error) {
			return iam.ListAddonsInput{ClusterName: q.labels[0], ClusterPaging: decodeClusterPaging(q.form)}, nil
		}, d.ListAddons, encodeAddons).as("ListAddons")},
		{"POST", addons, restCall(decodeCreateAddon, d.CreateAddon, encodeAddon("ACTIVE")).as("CreateAddon")},
		{"GET", addon, restCall(func(q *request) (iam.AddonInput, error) { return decodeAddon(q), nil }, d.DescribeAddon, encodeAddon("ACTIVE")).as("DescribeAddon")},
		{"POST", addon + "/update", restCall(decodeUpdateAddon, d.UpdateAddon, encodeAddonUpdate).as("UpdateAddon")},
		{"DELETE", addon, restCall(func(q *request) (iam.DeleteAddonInput, error) {
			return iam.DeleteAddonInput{AddonInput: decodeAddon(q), Preserve: q.form.boolean("preserve")}, nil
		}, d.DeleteAddon, encodeAddon("DELETING")).as("DeleteAddon")},
	}
	return routes
}

// as gives an operation its name.
func (o operation) as(name string) operation {
	o.name = name
	return o
}

func decodeListClusters(q *request) (iam.ListClustersInput, error) {
	in := iam.ListClustersInput{ClusterPaging: decodeClusterPaging(q.form)}
	if include := q.form.text("include"); include != "" {
		in.Include = []string{include}
	}
	return in, nil
}

func decodeClusterPaging(f *form) iam.ClusterPaging {
	paging := iam.ClusterPaging{NextToken: f.emptyOr("nextToken")}
	if text, given := f.lookup("maxResults"); given {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			f.fail(malformed("maxResults is not an integer"))
		}
		paging.MaxResults = new(int(n))
	}
	return paging
}

func decodeAddon(q *request) iam.AddonInput {
	return iam.AddonInput{ClusterName: q.labels[0], AddonName: q.labels[1]}
}

// addonSettings are the members of a body that CreateAddon and UpdateAddon share.
type addonSettings struct {
	AddonVersion            *string                      `json:"addonVersion"`
	ServiceAccountRoleArn   *string                      `json:"serviceAccountRoleArn"`
	ResolveConflicts        string                       `json:"resolveConflicts"`
	ClientRequestToken      string                       `json:"clientRequestToken"`
	ConfigurationValues     *string                      `json:"configurationValues"`
	PodIdentityAssociations []iam.PodIdentityAssociation `json:"podIdentityAssociations"`
}

func (s addonSettings) settings() iam.AddonSettings {
	return iam.AddonSettings{
		AddonVersion: s.AddonVersion, ServiceAccountRoleARN: s.ServiceAccountRoleArn, ResolveConflicts: s.ResolveConflicts,
		ClientRequestToken: s.ClientRequestToken, ConfigurationValues: s.ConfigurationValues, PodIdentityAssociations: s.PodIdentityAssociations,
	}
}

func decodeCreateAddon(q *request) (iam.CreateAddonInput, error) {
	var body struct {
		addonSettings
		AddonName       string            `json:"addonName"`
		Tags            map[string]string `json:"tags"`
		NamespaceConfig struct {
			Namespace string `json:"namespace"`
		} `json:"namespaceConfig"`
	}
	err := decodeJSON(q.body, &body)
	return iam.CreateAddonInput{
		AddonInput: iam.AddonInput{ClusterName: q.labels[0], AddonName: body.AddonName}, AddonSettings: body.settings(),
		Namespace: body.NamespaceConfig.Namespace, Tags: tagsOf(body.Tags),
	}, err
}

func decodeUpdateAddon(q *request) (iam.UpdateAddonInput, error) {
	var body addonSettings
	err := decodeJSON(q.body, &body)
	return iam.UpdateAddonInput{AddonInput: decodeAddon(q), AddonSettings: body.settings()}, err
}

// tagsOf makes a list of a map of tags, by key.
func tagsOf(tags map[string]string) []iam.Tag {
	var list []iam.Tag
	for key, value := range tags {
		list = append(list, iam.Tag{Key: key, Value: value})
	}
	slices.SortFunc(list, func(x, y iam.Tag) int { return strings.Compare(x.Key, y.Key) })
	return list
}

func tagMap(tags []iam.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, tag := range tags {
		m[tag.Key] = tag.Value
	}
	return m
}

// epoch is how the protocol writes a time: seconds since 1970.
type epoch int64

func epochOf(t time.Time) epoch { return epoch(t.Unix()) }

// healthElement is the health of what nobody here looks at: no issue is known.
type healthElement struct {
	Issues []struct{} `json:"issues"`
}

func healthy() healthElement { return healthElement{Issues: []struct{}{}} }

// clusterElement is the Cluster data type as far as it is known of a cluster that was registered
// (https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html).
type clusterElement struct {
	Name      string `json:"name"`
	Arn       string `json:"arn"`
	CreatedAt epoch  `json:"createdAt"`
	Version   string `json:"version,omitempty"`
	Endpoint  string `json:"endpoint,omitempty"`
	Identity  struct {
		Oidc struct {
			Issuer string `json:"issuer"`
		} `json:"oidc"`
	} `json:"identity"`
	Status               string                `json:"status"`
	CertificateAuthority *certificateAuthority `json:"certificateAuthority,omitempty"`
	Tags                 map[string]string     `json:"tags"`
	Health               healthElement         `json:"health"`
}

type certificateAuthority struct {
	Data string `json:"data"`
}

func newCluster(c iam.Cluster) clusterElement {
	element := clusterElement{
		Name: c.Name, Arn: c.ARN, CreatedAt: epochOf(c.Created), Version: c.Version, Endpoint: c.Endpoint, Status: "ACTIVE",
		Tags: tagMap(c.Tags), Health: healthy(),
	}
	element.Identity.Oidc.Issuer = c.Issuer
	if c.CertificateAuthority != "" {
		element.CertificateAuthority = &certificateAuthority{c.CertificateAuthority}
	}
	return element
}

func encodeCluster(c iam.Cluster) any {
	return struct {
		Cluster clusterElement `json:"cluster"`
	}{newCluster(c)}
}

func encodeClusters(p iam.Page[string]) any {
	return struct {
		Clusters  []string `json:"clusters"`
		NextToken string   `json:"nextToken,omitempty"`
	}{notNil(p.Items), p.Marker}
}

func encodeAddons(p iam.Page[string]) any {
	return struct {
		Addons    []string `json:"addons"`
		NextToken string   `json:"nextToken,omitempty"`
	}{notNil(p.Items), p.Marker}
}

// notNil has an empty list written as one.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// addonElement is the Addon data type (https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html).
type addonElement struct {
	AddonName             string            `json:"addonName"`
	ClusterName           string            `json:"clusterName"`
	Status                string            `json:"status"`
	AddonVersion          string            `json:"addonVersion,omitempty"`
	Health                healthElement     `json:"health"`
	AddonArn              string            `json:"addonArn"`
	CreatedAt             epoch             `json:"createdAt"`
	ModifiedAt            epoch             `json:"modifiedAt"`
	ServiceAccountRoleArn string            `json:"serviceAccountRoleArn,omitempty"`
	Tags                  map[string]string `json:"tags"`
	ConfigurationValues   string            `json:"configurationValues,omitempty"`
	NamespaceConfig       *namespaceConfig  `json:"namespaceConfig,omitempty"`
}

type namespaceConfig struct {
	Namespace string `json:"namespace"`
}

// encodeAddon shows an add-on in a status: nothing here waits for software, so there is nothing between creating and active.
func encodeAddon(status string) func(iam.Addon) any {
	return func(a iam.Addon) any {
		element := addonElement{
			AddonName: a.Name, ClusterName: a.ClusterName, Status: status, AddonVersion: a.Version, Health: healthy(), AddonArn: a.ARN,
			CreatedAt: epochOf(a.Created), ModifiedAt: epochOf(a.Modified), ServiceAccountRoleArn: a.ServiceAccountRoleARN, Tags: tagMap(a.Tags),
			ConfigurationValues: a.ConfigurationValues,
		}
		if a.Namespace != "" {
			element.NamespaceConfig = &namespaceConfig{a.Namespace}
		}
		return struct {
			Addon addonElement `json:"addon"`
		}{element}
	}
}

type updateParameter struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// encodeAddonUpdate shows an update, which was made when it is answered (https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html).
func encodeAddonUpdate(u iam.AddonUpdate) any {
	type updateElement struct {
		ID        string            `json:"id"`
		Status    string            `json:"status"`
		Type      string            `json:"type"`
		Params    []updateParameter `json:"params"`
		CreatedAt epoch             `json:"createdAt"`
		Errors    []struct{}        `json:"errors"`
	}
	element := updateElement{ID: u.ID, Status: "Successful", Type: "AddonUpdate", Params: []updateParameter{}, CreatedAt: epochOf(u.Created), Errors: []struct{}{}}
	add := func(kind string, value *string) {
		if value != nil && *value != "" {
			element.Params = append(element.Params, updateParameter{kind, *value})
		}
	}
	add("AddonVersion", u.Settings.AddonVersion)
	add("ServiceAccountRoleArn", u.Settings.ServiceAccountRoleARN)
	add("ResolveConflicts", &u.Settings.ResolveConflicts)
	add("ConfigurationValues", u.Settings.ConfigurationValues)
	return struct {
		Update updateElement `json:"update"`
	}{element}
}
