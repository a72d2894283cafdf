package iam_test

import (
	"context"
	"strings"

	"github.com/openirsa/openirsa/iam"
)

func providerCalls() []one {
	thumbprints := func(g *generator) []string {
		list := []string{}
		for range g.IntN(4) * 2 {
			list = append(list, strings.Repeat(pick(g, "A1", "b2"), 20))
		}
		return list
	}
	return []one{
		{4, func(g *generator) step {
			url := pick(g, "https://oidc.example.com/id/ABC", "https://oidc.example.com/id/ABC", "https://other.example.com", "http://plain.example.com")
			return createProvider(iam.CreateOpenIDConnectProviderInput{URL: url, ClientIDList: []string{"sts.amazonaws.com", pick(g, "sts.amazonaws.com", "c")}, ThumbprintList: thumbprints(g), Tags: g.tags()})
		}},
		{1, func(g *generator) step { return getProvider(g.providerARN()) }},
		{1, func(*generator) step { return listProviders() }},
		{3, func(g *generator) step {
			return change("DeleteOpenIDConnectProvider", iam.ProviderInput{OpenIDConnectProviderARN: g.providerARN()},
				(*iam.Directory).DeleteOpenIDConnectProvider, (*model).deleteProvider)
		}},
		{2, func(g *generator) step {
			return change("AddClientIDToOpenIDConnectProvider", iam.ProviderClientIDInput{OpenIDConnectProviderARN: g.providerARN(), ClientID: pick(g, "a", "b")},
				(*iam.Directory).AddClientIDToOpenIDConnectProvider, (*model).addClientID)
		}},
		{2, func(g *generator) step {
			return change("RemoveClientIDFromOpenIDConnectProvider", iam.ProviderClientIDInput{OpenIDConnectProviderARN: g.providerARN(), ClientID: pick(g, "a", "sts.amazonaws.com")},
				(*iam.Directory).RemoveClientIDFromOpenIDConnectProvider, (*model).removeClientID)
		}},
		{1, func(g *generator) step {
			return change("UpdateOpenIDConnectProviderThumbprint", iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderARN: g.providerARN(), ThumbprintList: append(thumbprints(g), pick(g, strings.Repeat("c", 40), "short"))},
				(*iam.Directory).UpdateOpenIDConnectProviderThumbprint, (*model).updateThumbprints)
		}},
		{2, func(g *generator) step {
			return change("TagOpenIDConnectProvider", iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderARN: g.providerARN(), Tags: g.someTags()},
				(*iam.Directory).TagOpenIDConnectProvider, (*model).tagProvider)
		}},
		{1, func(g *generator) step {
			return change("UntagOpenIDConnectProvider", iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderARN: g.providerARN(), TagKeys: g.tagKeys()},
				(*iam.Directory).UntagOpenIDConnectProvider, (*model).untagProvider)
		}},
		{1, func(g *generator) step { return listProviderTags(g.pageSize(), g.providerARN()) }},
	}
}

func createProvider(in iam.CreateOpenIDConnectProviderInput) step {
	return of("CreateOpenIDConnectProvider", in, (*iam.Directory).CreateOpenIDConnectProvider, (*model).createProvider)
}

func getProvider(arn string) step {
	return of("GetOpenIDConnectProvider", iam.ProviderInput{OpenIDConnectProviderARN: arn}, (*iam.Directory).GetOpenIDConnectProvider, (*model).getProvider)
}

func listProviders() step {
	return of("ListOpenIDConnectProviders", struct{}{}, func(d *iam.Directory, ctx context.Context, c iam.Caller, _ struct{}) ([]string, error) {
		return d.ListOpenIDConnectProviders(ctx, c)
	}, (*model).listProviders)
}

func listProviderTags(size int, arn string) step {
	return listed("ListOpenIDConnectProviderTags", size, iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderARN: arn},
		func(in *iam.ListOpenIDConnectProviderTagsInput) *iam.Paging { return &in.Paging }, (*iam.Directory).ListOpenIDConnectProviderTags, (*model).listProviderTags)
}
