package iam

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// Limits of add-ons. EKS's model has none for the name, version and configuration. The number is bounded so that a cluster can be
// deregistered with its add-ons in one batch.
const (
	maxAddons              = 100 // of one cluster
	maxAddonName           = 128
	maxConfigurationValues = 64 << 10
	maxNamespace           = 63
	maxServiceAccountRole  = 255
)

var (
	addonName     = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_.-]*$`)
	namespaceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`) // RFC 1123's label, as Kubernetes takes it
)

// Addon is an add-on of a cluster as EKS's API knows it: a record of which role its service account has. Its software is installed by whoever
// runs the cluster.
type Addon struct {
	Account               string    `json:"-"`
	ARN                   string    `json:"-"`
	Region                string    `json:"region"`
	ClusterName           string    `json:"cluster"`
	Name                  string    `json:"name"`
	ID                    string    `json:"id"` // UUID, the last part of the ARN
	Version               string    `json:"version,omitempty"`
	ServiceAccountRoleARN string    `json:"serviceAccountRole,omitempty"`
	ConfigurationValues   string    `json:"configurationValues,omitempty"`
	Namespace             string    `json:"namespace,omitempty"`
	Created               time.Time `json:"created"`
	Modified              time.Time `json:"modified"`
	Tags                  []Tag     `json:"tags,omitempty"`
}

// AddonUpdate is a change of an add-on that was made: its id, and what UpdateAddon was given.
type AddonUpdate struct {
	ID       string // UUID
	Created  time.Time
	Settings AddonSettings
}

// addonEntry is an add-on's record as a snapshot holds it.
type addonEntry struct {
	revision int64
	addon    Addon
}

func (e *addonEntry) at() int64 { return e.revision }

func (a *Account) readAddon(_ string, r Record, _ *addonEntry) (*addonEntry, error) {
	addon, err := decode[Addon](r)
	if err != nil {
		return nil, err
	}
	addon.Account, addon.ARN = a.id, a.addonARN(addon.Region, addon.ClusterName, addon.Name, addon.ID)
	return &addonEntry{revision: r.Revision, addon: addon}, nil
}

func (a *Account) addonARN(region, cluster, name, id string) string {
	return a.eksARN(region, "addon/"+cluster+"/"+name+"/"+id)
}

// addonsOf are the add-ons of one cluster.
func (a *Account) addonsOf(region, cluster string) (found []*addonEntry) {
	for _, entry := range a.addons {
		if entry.addon.Region == region && entry.addon.ClusterName == cluster {
			found = append(found, entry)
		}
	}
	return found
}

// addon finds an add-on, or says whether it or its cluster is missing.
func (a *Account) addon(region string, in AddonInput) (*addonEntry, error) {
	if _, err := a.cluster(region, in.ClusterName); err != nil {
		return nil, err
	}
	if entry, ok := a.addons[region+"/"+in.ClusterName+"/"+in.AddonName]; ok {
		return entry, nil
	}
	return nil, refusef("ResourceNotFoundException", "No addon: %s found in cluster: %s", in.AddonName, in.ClusterName)
}

// onAddon is a call on one add-on. One that does not exist is authorized under an id that stands for any.
func onAddon(name string, caller Caller, in input, of AddonInput) call {
	region := caller.Origin.Region
	return call{service: "eks", name: name, in: in, on: func(a *Account) target {
		entry, err := a.addon(region, of)
		if err != nil {
			return target{resource: a.addonARN(region, of.ClusterName, of.AddonName, "*")}
		}
		return target{resource: entry.addon.ARN, keys: eksTags(entry.addon.Tags)}
	}}
}

// passing adds that the caller must be allowed to pass the add-on's role to EKS (Service Authorization Reference, Amazon EKS).
func (c call) passing(role *string) call {
	if role != nil {
		c.also = append(c.also, need{action: "iam:PassRole", on: func(*Account) target {
			return target{resource: *role, keys: conditions{"iam:PassedToService": {"eks.amazonaws.com"}}}
		}})
	}
	return c
}

func (in AddonInput) validate(v *validator) {
	v.clusterName(in.ClusterName)
	if len(in.AddonName) > maxAddonName || !addonName.MatchString(in.AddonName) {
		v.refuse("InvalidParameterException", "The add-on's name must be 1 to %d letters, digits, dots, hyphens or underscores.", maxAddonName)
	}
}

func (s AddonSettings) validate(v *validator) {
	if s.AddonVersion != nil && (len(*s.AddonVersion) > maxVersion || !versionName.MatchString(*s.AddonVersion)) {
		v.refuse("InvalidParameterException", "The add-on's version is not like v1.19.0-eksbuild.1.")
	}
	if s.ServiceAccountRoleARN != nil && !isRoleARN(*s.ServiceAccountRoleARN) {
		v.refuse("InvalidParameterException", "serviceAccountRoleArn must be the ARN of a role, 1 to %d characters long.", maxServiceAccountRole)
	}
	if !slices.Contains([]string{"", "OVERWRITE", "NONE", "PRESERVE"}, s.ResolveConflicts) {
		v.refuse("InvalidParameterException", "resolveConflicts must be one of OVERWRITE, NONE, PRESERVE.")
	}
	if s.ConfigurationValues != nil && len(*s.ConfigurationValues) > maxConfigurationValues {
		v.refuse("InvalidParameterException", "configurationValues must have at most %d bytes.", maxConfigurationValues)
	}
	if len(s.ClientRequestToken) > maxAddonName {
		v.refuse("InvalidParameterException", "clientRequestToken must have at most %d characters.", maxAddonName)
	}
	if len(s.PodIdentityAssociations) > 0 {
		v.refuse("InvalidParameterException", "There is no EKS Pod Identity here: give the add-on's role as serviceAccountRoleArn.")
	}
}

func isRoleARN(text string) bool {
	arn, err := policy.ParseARN(text)
	return err == nil && len(text) <= maxServiceAccountRole && arn.Service == "iam" && arn.Region == "" && policy.IsAccountID(arn.Account) &&
		strings.HasPrefix(arn.Resource, "role/") && !strings.ContainsAny(arn.Resource, "*?")
}

// checkServiceAccountRole wants a role of the account.
func (a *Account) checkServiceAccountRole(text *string) error {
	if text == nil {
		return nil
	}
	arn, err := policy.ParseARN(*text)
	if err != nil || arn.Account != a.id || arn.Partition != a.partition {
		return refusef("AccessDenied", "Cross-account pass role is not allowed.")
	}
	role, ok := a.RoleByName(arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:])
	if !ok || role.ARN != *text {
		return refusef("InvalidParameterException", "Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", *text)
	}
	return nil
}

func (in CreateAddonInput) validate(v *validator) {
	in.AddonInput.validate(v)
	in.AddonSettings.validate(v)
	if in.Namespace != "" && (len(in.Namespace) > maxNamespace || !namespaceName.MatchString(in.Namespace)) {
		v.refuse("InvalidParameterException", "The namespace is not a name of Kubernetes.")
	}
	v.tags(in.Tags, exactKeys)
}

// CreateAddon (eks) records an add-on of a cluster. With a role, iam:PassRole on it must be allowed as well, with tags eks:TagResource.
func (d *Directory) CreateAddon(ctx context.Context, caller Caller, in CreateAddonInput) (Addon, error) {
	region := caller.Origin.Region
	c := onCluster("eks", "CreateAddon", caller, in, in.ClusterName)
	c.keys = requestTags(in.Tags)
	if len(in.Tags) > 0 {
		c.also = []need{{action: "eks:TagResource", on: func(a *Account) target {
			return target{resource: a.addonARN(region, in.ClusterName, in.AddonName, "*"), keys: requestTags(in.Tags)}
		}}}
	}
	var out Addon
	err := d.change(ctx, caller, c.passing(in.ServiceAccountRoleARN), func(tx *draft) error {
		if _, err := tx.cluster(region, in.ClusterName); err != nil {
			return err
		}
		if _, err := tx.addon(region, in.AddonInput); err == nil {
			return refusef("ResourceInUseException", "Addon already exists.")
		}
		if len(tx.addonsOf(region, in.ClusterName)) >= maxAddons {
			return refusef("InvalidRequestException", "A cluster has at most %d add-ons.", maxAddons)
		}
		if err := tx.checkServiceAccountRole(in.ServiceAccountRoleARN); err != nil {
			return err
		}
		id, err := d.uuid()
		if err != nil {
			return err
		}
		out = Addon{
			Account: tx.id, ARN: tx.addonARN(region, in.ClusterName, in.AddonName, id), Region: region, ClusterName: in.ClusterName, Name: in.AddonName, ID: id,
			ServiceAccountRoleARN: valueOr(in.ServiceAccountRoleARN, ""), Version: valueOr(in.AddonVersion, ""),
			ConfigurationValues: valueOr(in.ConfigurationValues, ""), Namespace: in.Namespace, Created: tx.now, Modified: tx.now, Tags: in.Tags,
		}
		return stage(tx, recordKey(tx.id, kindAddon, region+"/"+in.ClusterName+"/"+in.AddonName), 0, out)
	})
	return out, err
}

// valueOr is what text points to, or otherwise.
func valueOr(text *string, otherwise string) string {
	if text == nil {
		return otherwise
	}
	return *text
}

// uuid is a random UUID (RFC 9562, section 5.4).
func (d *Directory) uuid() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(d.rand, b[:]); err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-"), nil
}

// DescribeAddon (eks) returns an add-on.
func (d *Directory) DescribeAddon(ctx context.Context, caller Caller, in AddonInput) (Addon, error) {
	return read(ctx, d, caller, onAddon("DescribeAddon", caller, in, in), func(a *Account) (Addon, error) {
		entry, err := a.addon(caller.Origin.Region, in)
		if err != nil {
			return Addon{}, err
		}
		return entry.addon, nil
	})
}

func (in UpdateAddonInput) validate(v *validator) {
	in.AddonInput.validate(v)
	in.AddonSettings.validate(v)
}

// UpdateAddon (eks) changes an add-on. Without a role the add-on has none afterwards, whatever it had (EKS API reference, UpdateAddon: it then
// "uses the permissions assigned to the node IAM role").
func (d *Directory) UpdateAddon(ctx context.Context, caller Caller, in UpdateAddonInput) (AddonUpdate, error) {
	region := caller.Origin.Region
	c := onAddon("UpdateAddon", caller, in, in.AddonInput).passing(in.ServiceAccountRoleARN)
	out := AddonUpdate{Settings: in.AddonSettings}
	err := d.change(ctx, caller, c, func(tx *draft) (err error) {
		entry, err := tx.addon(region, in.AddonInput)
		if err != nil {
			return err
		}
		if err := tx.checkServiceAccountRole(in.ServiceAccountRoleARN); err != nil {
			return err
		}
		if out.ID, err = d.uuid(); err != nil {
			return err
		}
		addon := entry.addon
		addon.ServiceAccountRoleARN = valueOr(in.ServiceAccountRoleARN, "")
		addon.Version = valueOr(in.AddonVersion, addon.Version)
		addon.ConfigurationValues = valueOr(in.ConfigurationValues, addon.ConfigurationValues)
		addon.Modified, out.Created = tx.now, tx.now
		return stage(tx, recordKey(tx.id, kindAddon, region+"/"+in.ClusterName+"/"+in.AddonName), entry.revision, addon)
	})
	return out, err
}

// DeleteAddon (eks) forgets an add-on, and returns it as it was.
func (d *Directory) DeleteAddon(ctx context.Context, caller Caller, in DeleteAddonInput) (Addon, error) {
	region := caller.Origin.Region
	var out Addon
	err := d.change(ctx, caller, onAddon("DeleteAddon", caller, in, in.AddonInput), func(tx *draft) error {
		entry, err := tx.addon(region, in.AddonInput)
		if err != nil {
			return err
		}
		out = entry.addon
		tx.remove(recordKey(tx.id, kindAddon, region+"/"+in.ClusterName+"/"+in.AddonName), entry.revision)
		return nil
	})
	return out, err
}

func (in ListAddonsInput) validate(v *validator) {
	v.clusterName(in.ClusterName)
	in.ClusterPaging.validate(v)
}

// ListAddons (eks) lists the names of a cluster's add-ons.
func (d *Directory) ListAddons(ctx context.Context, caller Caller, in ListAddonsInput) (Page[string], error) {
	region := caller.Origin.Region
	return read(ctx, d, caller, onCluster("eks", "ListAddons", caller, in, in.ClusterName), func(a *Account) (Page[string], error) {
		if _, err := a.cluster(region, in.ClusterName); err != nil {
			return Page[string]{}, err
		}
		var names []string
		for _, entry := range a.addonsOf(region, in.ClusterName) {
			names = append(names, entry.addon.Name)
		}
		return in.cut(names), nil
	})
}
