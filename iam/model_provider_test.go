package iam_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

const providerPrefix = "arn:aws:iam::" + account + ":oidc-provider/"

// provider is the OIDC provider of that ARN.
func (m *model) provider(arn string, f *faults) *iam.OpenIDConnectProvider {
	return m.providerOr(arn, "OpenIDConnect Provider not found for arn %s", f)
}

// taggedProvider is provider for the calls on tags, which say that it is not there in words of their own.
func (m *model) taggedProvider(arn string, f *faults) *iam.OpenIDConnectProvider {
	return m.providerOr(arn, "OpenId connect Provider %s cannot be found.", f)
}

func (m *model) providerOr(arn, absent string, f *faults) *iam.OpenIDConnectProvider {
	f.when(!strings.Contains(arn, ":oidc-provider/"), "ValidationError", "")
	p := m.providers[arn]
	f.when(p == nil, "NoSuchEntity", absent, arn)
	if p == nil {
		return &iam.OpenIDConnectProvider{}
	}
	return p
}

func checkThumbprints(f *faults, list []string) []string {
	f.when(len(list) > 5, "InvalidInput", "")
	for _, thumbprint := range list {
		f.when(len(thumbprint) != 40, "ValidationError", "")
	}
	return each(list, strings.ToLower)
}

func (m *model) createProvider(in iam.CreateOpenIDConnectProviderInput) (iam.OpenIDConnectProvider, faults) {
	var f faults
	url, secure := strings.CutPrefix(in.URL, "https://")
	f.when(!secure, "InvalidInput", "")
	f.when(m.providers[providerPrefix+url] != nil, "EntityAlreadyExists", "Provider with url %s already exists.", in.URL)
	thumbprints := checkThumbprints(&f, in.ThumbprintList)
	checkTags(&f, nil, in.Tags, sameText)
	if len(f) > 0 {
		return iam.OpenIDConnectProvider{}, f
	}
	var clients []string
	for _, id := range in.ClientIDList {
		if !slices.Contains(clients, id) {
			clients = append(clients, id)
		}
	}
	p := &iam.OpenIDConnectProvider{
		Account: account, ARN: providerPrefix + url, Issuer: in.URL, URL: url, ClientIDs: clients, Thumbprints: thumbprints, Created: m.now, Tags: in.Tags,
	}
	m.providers[p.ARN] = p
	return *p, nil
}

func (m *model) getProvider(in iam.ProviderInput) (iam.OpenIDConnectProvider, faults) {
	var f faults
	p := m.provider(in.OpenIDConnectProviderARN, &f)
	if len(f) > 0 {
		return iam.OpenIDConnectProvider{}, f
	}
	return *p, nil
}

func (m *model) listProviders(struct{}) ([]string, faults) {
	return slices.Sorted(maps.Keys(m.providers)), nil
}

// deleteProvider: "This operation is idempotent; it does not fail or return an error if you call the operation for a provider that does not exist."
func (m *model) deleteProvider(in iam.ProviderInput) faults {
	var f faults
	f.when(!strings.Contains(in.OpenIDConnectProviderARN, ":oidc-provider/"), "ValidationError", "")
	f.when(m.providers[in.OpenIDConnectProviderARN] == nil, "NoSuchEntity", "OpenId connect Provider %s cannot be found.", in.OpenIDConnectProviderARN)
	if len(f) == 0 {
		delete(m.providers, in.OpenIDConnectProviderARN)
	}
	return f
}

// addClientID and removeClientID are idempotent (API reference).
func (m *model) addClientID(in iam.ProviderClientIDInput) faults {
	var f faults
	p := m.provider(in.OpenIDConnectProviderARN, &f)
	if len(f) == 0 && !slices.Contains(p.ClientIDs, in.ClientID) {
		p.ClientIDs = append(slices.Clone(p.ClientIDs), in.ClientID)
	}
	return f
}

func (m *model) removeClientID(in iam.ProviderClientIDInput) faults {
	var f faults
	p := m.provider(in.OpenIDConnectProviderARN, &f)
	p.ClientIDs = slices.DeleteFunc(slices.Clone(p.ClientIDs), func(id string) bool { return id == in.ClientID })
	return f
}

func (m *model) updateThumbprints(in iam.UpdateOpenIDConnectProviderThumbprintInput) faults {
	var f faults
	p := m.provider(in.OpenIDConnectProviderARN, &f)
	if thumbprints := checkThumbprints(&f, in.ThumbprintList); len(f) == 0 {
		p.Thumbprints = thumbprints
	}
	return f
}

func (m *model) tagProvider(in iam.TagOpenIDConnectProviderInput) faults {
	var f faults
	p := m.taggedProvider(in.OpenIDConnectProviderARN, &f)
	if tags := checkTags(&f, p.Tags, in.Tags, sameText); len(f) == 0 {
		p.Tags = tags
	}
	return f
}

func (m *model) untagProvider(in iam.UntagOpenIDConnectProviderInput) faults {
	var f faults
	p := m.taggedProvider(in.OpenIDConnectProviderARN, &f)
	p.Tags = untagged(p.Tags, in.TagKeys, sameText)
	return f
}

func (m *model) listProviderTags(in iam.ListOpenIDConnectProviderTagsInput) ([]iam.Tag, faults) {
	var f faults
	return byKey(m.taggedProvider(in.OpenIDConnectProviderARN, &f).Tags), f
}
