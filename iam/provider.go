package iam

import (
	"context"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/oidc"
)

// Quotas of OIDC providers (IAM quotas, the defaults).
const (
	maxProviders   = 100
	maxClientIDs   = 100
	maxThumbprints = 5
)

// onProvider is a call on one provider. One that does not exist is authorized under the ARN that was given.
func onProvider(name string, in input, arn string) call {
	return call{name: name, in: in, on: func(a *Account) target {
		t := target{resource: arn}
		if entry, ok := a.provider(arn); ok {
			t.keys = resourceTags(entry.provider.Tags)
		}
		return t
	}}
}

// noSuchProvider is AWS's sentence, which differs from call to call.
func (c call) noSuchProvider(arn string) *Error {
	switch c.name {
	case "DeleteOpenIDConnectProvider", "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider", "ListOpenIDConnectProviderTags":
		return refusef("NoSuchEntity", "OpenId connect Provider %s cannot be found.", arn)
	}
	return refusef("NoSuchEntity", "OpenIDConnect Provider not found for arn %s", arn)
}

// changeProvider changes one provider: edit gets a copy to change. Its slices are shared with the snapshot, so edit replaces them.
func (d *Directory) changeProvider(ctx context.Context, caller Caller, c call, arn string, edit func(p *OpenIDConnectProvider) error) error {
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, ok := tx.provider(arn)
		if !ok {
			return c.noSuchProvider(arn)
		}
		p := entry.provider
		if err := edit(&p); err != nil {
			return err
		}
		return stage(tx, recordKey(tx.id, kindProvider, providerName(p.Issuer)), entry.revision, p)
	})
}

// readProvider is read for the calls on one provider.
func readProvider[T any](ctx context.Context, d *Directory, caller Caller, c call, arn string, show func(p OpenIDConnectProvider) T) (T, error) {
	return read(ctx, d, caller, c, func(a *Account) (T, error) {
		entry, ok := a.provider(arn)
		if !ok {
			var none T
			return none, c.noSuchProvider(arn)
		}
		return show(entry.provider), nil
	})
}

func (in CreateOpenIDConnectProviderInput) validate(v *validator) {
	v.lengths("clientIDList", in.ClientIDList, 1, 255)
	v.thumbprints(in.ThumbprintList)
	if v.required("url", in.URL) {
		v.length("url", in.URL, 1, 255)
		v.issuer(in.URL)
	}
	v.tags(in.Tags, exactKeys)
}

// issuer checks an issuer's URL: https, a host, perhaps a port and a path, and nothing else (OpenID Connect Discovery 1.0, section 2). AWS
// takes no port; ours does, because the default issuers of self-made clusters have one.
func (v *validator) issuer(text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || u.Hostname() == "":
		v.refuse("ValidationError", "Invalid Open ID Connect Provider URL")
	case u.Scheme != "https" || !strings.HasPrefix(text, "https://"):
		v.refuse("InvalidInput", "Invalid Open ID Connect Provider URL. The URL must begin with https://.")
	case u.User != nil || strings.ContainsAny(text, "?#") || !isHost(u) ||
		strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"\\<>^`{|}*", r) }) >= 0:
		v.refuse("InvalidInput", "Invalid Open ID Connect Provider URL.")
	}
}

// isHost reports whether u's host is an address or a DNS name, and its port, if any, a port.
func isHost(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	host := u.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Zone() == ""
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.IndexFunc(label, func(r rune) bool { return !isWord(r) && r != '-' || r == '_' }) >= 0 {
			return false
		}
	}
	return true
}

func (v *validator) clientID(id string) {
	if v.required("clientID", id) {
		v.length("clientID", id, 1, 255)
	}
}

func (v *validator) thumbprints(list []string) {
	if len(list) > maxThumbprints {
		v.refuse("InvalidInput", "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	v.lengths("thumbprintList", list, 40, 40) // AWS does not look whether they are hexadecimal digits
}

func lower(list []string) []string {
	out := slices.Clone(list)
	for i, text := range out {
		out[i] = strings.ToLower(text)
	}
	return out
}

// unique drops repeated values, keeping the order.
func unique(list []string) []string {
	var out []string
	for _, text := range list {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// withoutDefaultPort takes https's own port (RFC 3986, section 6.2.3) off an issuer's URL, as AWS does: eksctl registers every issuer with :443,
// and then asks for the provider, and trusts tokens, without it.
func withoutDefaultPort(issuer string) string {
	host, path, hasPath := strings.Cut(strings.TrimPrefix(issuer, "https://"), "/")
	issuer = "https://" + strings.TrimSuffix(host, ":443")
	if hasPath {
		issuer += "/" + path
	}
	return issuer
}

// CreateOpenIDConnectProvider registers an issuer. With tags, iam:TagOpenIDConnectProvider must be allowed as well.
func (d *Directory) CreateOpenIDConnectProvider(ctx context.Context, caller Caller, in CreateOpenIDConnectProviderInput) (OpenIDConnectProvider, error) {
	issuer := withoutDefaultPort(in.URL)
	name := strings.TrimPrefix(issuer, "https://")
	c := onNew("CreateOpenIDConnectProvider", "oidc-provider/"+name, "TagOpenIDConnectProvider", in, in.Tags, "")
	var out OpenIDConnectProvider
	err := d.change(ctx, caller, c, func(tx *draft) error {
		clientIDs := unique(in.ClientIDList)
		switch _, exists := tx.providers[providerName(issuer)]; {
		case exists:
			return refusef("EntityAlreadyExists", "Provider with url %s already exists.", in.URL)
		case len(tx.providers) >= maxProviders:
			return quota("OpenIDConnectProvidersPerAccount", maxProviders)
		case len(clientIDs) > maxClientIDs:
			return quota("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
		}
		out = OpenIDConnectProvider{
			Account: tx.id, ARN: tx.arn("oidc-provider/" + name), Issuer: issuer, URL: name, ClientIDs: clientIDs,
			Thumbprints: lower(in.ThumbprintList), Created: tx.now, Tags: in.Tags,
		}
		return stage(tx, recordKey(tx.id, kindProvider, providerName(issuer)), 0, out)
	})
	return out, err
}

func (in ProviderInput) validate(v *validator) { v.providerARN(in.OpenIDConnectProviderARN) }

// GetOpenIDConnectProvider returns a provider.
func (d *Directory) GetOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderInput) (OpenIDConnectProvider, error) {
	c := onProvider("GetOpenIDConnectProvider", in, in.OpenIDConnectProviderARN)
	return readProvider(ctx, d, caller, c, in.OpenIDConnectProviderARN, func(p OpenIDConnectProvider) OpenIDConnectProvider { return p })
}

// ListOpenIDConnectProviders returns the ARNs of the account's providers.
func (d *Directory) ListOpenIDConnectProviders(ctx context.Context, caller Caller) ([]string, error) {
	c := call{name: "ListOpenIDConnectProviders", on: func(a *Account) target {
		return target{resource: "*", shown: a.arn("oidc-provider/*")}
	}}
	return read(ctx, d, caller, c, func(a *Account) ([]string, error) {
		arns := make([]string, 0, len(a.providers))
		for entry := range maps.Values(a.providers) {
			arns = append(arns, entry.provider.ARN)
		}
		slices.Sort(arns)
		return arns, nil
	})
}

// DeleteOpenIDConnectProvider deletes a provider. The API reference calls it idempotent; AWS was recorded in 2026 to answer NoSuchEntity for one
// that does not exist.
func (d *Directory) DeleteOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderInput) error {
	c := onProvider("DeleteOpenIDConnectProvider", in, in.OpenIDConnectProviderARN)
	return d.change(ctx, caller, c, func(tx *draft) error {
		entry, ok := tx.provider(in.OpenIDConnectProviderARN)
		if !ok {
			return c.noSuchProvider(in.OpenIDConnectProviderARN)
		}
		tx.remove(recordKey(tx.id, kindProvider, providerName(entry.provider.Issuer)), entry.revision)
		return nil
	})
}

func (in ProviderClientIDInput) validate(v *validator) {
	v.providerARN(in.OpenIDConnectProviderARN)
	v.clientID(in.ClientID)
}

// AddClientIDToOpenIDConnectProvider adds an audience. One that is there already stays.
func (d *Directory) AddClientIDToOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderClientIDInput) error {
	c := onProvider("AddClientIDToOpenIDConnectProvider", in, in.OpenIDConnectProviderARN)
	return d.changeProvider(ctx, caller, c, in.OpenIDConnectProviderARN, func(p *OpenIDConnectProvider) error {
		if slices.Contains(p.ClientIDs, in.ClientID) {
			return nil
		}
		if len(p.ClientIDs) >= maxClientIDs {
			return quota("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
		}
		p.ClientIDs = append(slices.Clone(p.ClientIDs), in.ClientID)
		return nil
	})
}

// RemoveClientIDFromOpenIDConnectProvider removes an audience, if it is there.
func (d *Directory) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, caller Caller, in ProviderClientIDInput) error {
	c := onProvider("RemoveClientIDFromOpenIDConnectProvider", in, in.OpenIDConnectProviderARN)
	return d.changeProvider(ctx, caller, c, in.OpenIDConnectProviderARN, func(p *OpenIDConnectProvider) error {
		p.ClientIDs = slices.DeleteFunc(slices.Clone(p.ClientIDs), func(id string) bool { return id == in.ClientID })
		return nil
	})
}

func (in UpdateOpenIDConnectProviderThumbprintInput) validate(v *validator) {
	v.providerARN(in.OpenIDConnectProviderARN)
	if len(in.ThumbprintList) == 0 {
		v.refuse("InvalidInput", "Thumbprint list must contain at least one entry.")
	}
	v.thumbprints(in.ThumbprintList)
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (d *Directory) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, caller Caller, in UpdateOpenIDConnectProviderThumbprintInput) error {
	c := onProvider("UpdateOpenIDConnectProviderThumbprint", in, in.OpenIDConnectProviderARN)
	return d.changeProvider(ctx, caller, c, in.OpenIDConnectProviderARN, func(p *OpenIDConnectProvider) error {
		p.Thumbprints = lower(in.ThumbprintList)
		return nil
	})
}

func (in TagOpenIDConnectProviderInput) validate(v *validator) {
	v.providerARN(in.OpenIDConnectProviderARN)
	v.requiredTags(in.Tags, exactKeys)
}

// TagOpenIDConnectProvider adds or replaces tags.
func (d *Directory) TagOpenIDConnectProvider(ctx context.Context, caller Caller, in TagOpenIDConnectProviderInput) error {
	c := onProvider("TagOpenIDConnectProvider", in, in.OpenIDConnectProviderARN)
	c.keys = requestTags(in.Tags)
	return d.changeProvider(ctx, caller, c, in.OpenIDConnectProviderARN, func(p *OpenIDConnectProvider) (err error) {
		p.Tags, err = merge(p.Tags, in.Tags, exactKeys)
		return err
	})
}

func (in UntagOpenIDConnectProviderInput) validate(v *validator) {
	v.providerARN(in.OpenIDConnectProviderARN)
	v.tagKeys(in.TagKeys)
}

// UntagOpenIDConnectProvider removes tags.
func (d *Directory) UntagOpenIDConnectProvider(ctx context.Context, caller Caller, in UntagOpenIDConnectProviderInput) error {
	c := onProvider("UntagOpenIDConnectProvider", in, in.OpenIDConnectProviderARN)
	c.keys = tagKeys(in.TagKeys)
	return d.changeProvider(ctx, caller, c, in.OpenIDConnectProviderARN, func(p *OpenIDConnectProvider) error {
		p.Tags = without(p.Tags, in.TagKeys, exactKeys)
		return nil
	})
}

func (in ListOpenIDConnectProviderTagsInput) validate(v *validator) {
	v.providerARN(in.OpenIDConnectProviderARN)
	in.Paging.validate(v)
}

// ListOpenIDConnectProviderTags lists a provider's tags by key.
func (d *Directory) ListOpenIDConnectProviderTags(ctx context.Context, caller Caller, in ListOpenIDConnectProviderTagsInput) (Page[Tag], error) {
	c := onProvider("ListOpenIDConnectProviderTags", in, in.OpenIDConnectProviderARN)
	return readProvider(ctx, d, caller, c, in.OpenIDConnectProviderARN, func(p OpenIDConnectProvider) Page[Tag] {
		return page(slices.Clone(p.Tags), tagKey, in.Paging)
	})
}

func (in PutOpenIDConnectProviderKeysInput) validate(v *validator) {
	v.providerARN(in.OpenIDConnectProviderARN)
	if in.JWKS == nil {
		return
	}
	if _, err := oidc.ParseJWKS(in.JWKS); err != nil {
		v.refuse("InvalidInput", "The key set is not valid: %s", err)
	}
}

// PutOpenIDConnectProviderKeys (openirsa) sets or removes a provider's inline keys.
func (d *Directory) PutOpenIDConnectProviderKeys(ctx context.Context, caller Caller, in PutOpenIDConnectProviderKeysInput) error {
	c := onProvider("PutOpenIDConnectProviderKeys", in, in.OpenIDConnectProviderARN)
	c.service = "openirsa"
	return d.changeProvider(ctx, caller, c, in.OpenIDConnectProviderARN, func(p *OpenIDConnectProvider) error {
		p.JWKS = in.JWKS
		return nil
	})
}
