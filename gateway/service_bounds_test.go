package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/openirsa/openirsa/gateway"
)

// manyKeys knows keys of KMS: so many with a tag, and so many of which nothing is known but that they are there.
type manyKeys struct{ tagged, bare int }

func (manyKeys) Tags(_ context.Context, _, arn string) (map[string]string, error) {
	if arn == arnOf("kms", "key/tagged") {
		return map[string]string{"class": "public"}, nil
	}
	return nil, nil
}

func (manyKeys) Keys(context.Context, string, string) (map[string][]string, error) { return nil, nil }

func (m manyKeys) Matching(context.Context, string, string) ([]string, error) {
	return append(slices.Repeat([]string{arnOf("kms", "key/tagged")}, m.tagged), slices.Repeat([]string{arnOf("kms", "key/bare")}, m.bare)...), nil
}

// TestKnownResourcesAreBounded: a request by an alias may be about every key. Of those that a policy asks the tags of, 10,000 are decided on; the others
// cost little, and may be a million. More are not left out: the request is denied.
func TestKnownResourcesAreBounded(t *testing.T) {
	const decided, seen = 10_000, 1_000_000
	encrypt := jsonCall("kms", "TrentService.Encrypt", `{"KeyId":"alias/a","Plaintext":"YQ=="}`)
	for _, c := range []struct {
		keys    manyKeys
		allowed bool
	}{
		{manyKeys{decided, 1}, true}, {manyKeys{decided + 1, 0}, false},
		{manyKeys{0, seen}, true}, {manyKeys{0, seen + 1}, false},
	} {
		p := newServicePlaneOf(t, func(config *gateway.Config) { config.Attributes = c.keys })
		who := p.session(t, "who", allow("kms:*", "*"), `{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/class":"secret"}}}`)
		got := p.call(t, who, encrypt)
		if c.allowed {
			got.wants(t, fmt.Sprint(c.keys), 501, "NotImplementedException")
			continue
		}
		got.wants(t, fmt.Sprint(c.keys), 400, "AccessDeniedException", "more resources than can be decided on")
	}
}
