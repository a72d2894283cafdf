package awsapi

import (
	"context"

	"github.com/openirsa/openirsa/iam"
)

// providerOperations are IAM's calls on OpenID Connect providers, version 2010-05-08.
func providerOperations(d *iam.Directory) map[string]operation {
	return map[string]operation{
		"CreateOpenIDConnectProvider": query(func(f *form) iam.CreateOpenIDConnectProviderInput {
			return iam.CreateOpenIDConnectProviderInput{
				URL: f.required("Url"), ClientIDList: f.list("ClientIDList"), ThumbprintList: f.list("ThumbprintList"), Tags: f.tags("Tags"),
			}
		}, d.CreateOpenIDConnectProvider, encodeCreatedProvider),
		"GetOpenIDConnectProvider": query(decodeProvider, d.GetOpenIDConnectProvider, encodeProvider),
		"ListOpenIDConnectProviders": query(decodeNothing, func(ctx context.Context, caller iam.Caller, _ struct{}) ([]string, error) {
			return d.ListOpenIDConnectProviders(ctx, caller)
		}, encodeProviders),
		"DeleteOpenIDConnectProvider":             change(decodeProvider, d.DeleteOpenIDConnectProvider),
		"AddClientIDToOpenIDConnectProvider":      change(decodeClientID, d.AddClientIDToOpenIDConnectProvider),
		"RemoveClientIDFromOpenIDConnectProvider": change(decodeClientID, d.RemoveClientIDFromOpenIDConnectProvider),
		"UpdateOpenIDConnectProviderThumbprint": change(func(f *form) iam.UpdateOpenIDConnectProviderThumbprintInput {
			return iam.UpdateOpenIDConnectProviderThumbprintInput{
				OpenIDConnectProviderARN: f.required("OpenIDConnectProviderArn"), ThumbprintList: f.list("ThumbprintList"),
			}
		}, d.UpdateOpenIDConnectProviderThumbprint),
		"TagOpenIDConnectProvider": change(func(f *form) iam.TagOpenIDConnectProviderInput {
			return iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderARN: f.required("OpenIDConnectProviderArn"), Tags: f.tags("Tags")}
		}, d.TagOpenIDConnectProvider),
		"UntagOpenIDConnectProvider": change(func(f *form) iam.UntagOpenIDConnectProviderInput {
			return iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderARN: f.required("OpenIDConnectProviderArn"), TagKeys: f.list("TagKeys")}
		}, d.UntagOpenIDConnectProvider),
		"ListOpenIDConnectProviderTags": query(func(f *form) iam.ListOpenIDConnectProviderTagsInput {
			return iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderARN: f.required("OpenIDConnectProviderArn"), Paging: decodePaging(f)}
		}, d.ListOpenIDConnectProviderTags, encodeTags),
	}
}

func decodeProvider(f *form) iam.ProviderInput {
	return iam.ProviderInput{OpenIDConnectProviderARN: f.required("OpenIDConnectProviderArn")}
}

func decodeClientID(f *form) iam.ProviderClientIDInput {
	return iam.ProviderClientIDInput{OpenIDConnectProviderARN: f.required("OpenIDConnectProviderArn"), ClientID: f.required("ClientID")}
}

func encodeCreatedProvider(p iam.OpenIDConnectProvider) any {
	return struct {
		OpenIDConnectProviderArn string
		Tags                     *members[tagElement]
	}{p.ARN, optionalTags(p.Tags)}
}

// encodeProvider writes all lists even when they are empty, as AWS does.
func encodeProvider(p iam.OpenIDConnectProvider) any {
	return struct {
		Url            string
		ClientIDList   members[string]
		ThumbprintList members[string]
		CreateDate     string
		Tags           members[tagElement]
	}{p.URL, members[string]{p.ClientIDs}, members[string]{p.Thumbprints}, timestamp(p.Created), listOf(p.Tags, newTagElement)}
}

func encodeProviders(arns []string) any {
	type entry struct{ Arn string }
	return struct {
		OpenIDConnectProviderList members[entry]
	}{listOf(arns, func(arn string) entry { return entry{arn} })}
}
