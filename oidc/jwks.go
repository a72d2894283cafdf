package oidc

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// Limits of a key set. IAM takes at most 100 RSA and 100 EC keys from an issuer; the document's size leaves room for both.
const (
	MaxJWKSSize    = 128 << 10 // bytes
	maxKeysPerType = 100
	minRSABits     = 2048 // RFC 7518, section 3.3
)

// privateMembers are the JWK members that hold secrets (RFC 7518, section 6; RFC 9964 for priv).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// errPrivateKey refuses a key set that publishes a secret: whoever read it can sign.
var errPrivateKey = errors.New("a private or symmetric key is in the key set")

// keyName is what a token names its key by: kid and algorithm, so that no key serves an algorithm that it was not meant for.
type keyName struct {
	id        string
	algorithm jose.SignatureAlgorithm
}

// publicKeys maps each name to the one key that answers to it.
type publicKeys map[keyName]crypto.PublicKey

// ParseJWKS says whether document may be registered as a provider's inline keys, and names the key ids that will verify tokens, sorted.
//
// Keys that cannot verify an admitted token are left out, as RFC 7517, section 5, asks: other key types, RSA below 2048 bits or above
// 4096, use other than sig, another alg, and keys without a kid (tokens are matched to keys by kid alone, so none could name them). A
// document that leaves no key is refused and the error says why each was left out. So is one with a private or symmetric key, duplicate
// members, two different keys of one kid and algorithm, more than 100 RSA or 100 EC keys, or more than MaxJWKSSize bytes.
func ParseJWKS(document []byte) (keyIDs []string, err error) {
	keys, leftOut, err := parseJWKS(document)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("key set has no key that can verify a token%s", strings.Join(append([]string{""}, leftOut...), "; "))
	}
	ids := map[string]bool{}
	for name := range keys {
		ids[name.id] = true
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// parseJWKS reads a key set; one without usable keys is empty, not an error. leftOut says for each other key why it is not used.
func parseJWKS(document []byte) (keys publicKeys, leftOut []string, err error) {
	if len(document) > MaxJWKSSize {
		return nil, nil, fmt.Errorf("key set has %d bytes; at most %d are allowed", len(document), MaxJWKSSize)
	}
	set, err := decodeObject(document)
	if err != nil {
		return nil, nil, fmt.Errorf("reading key set: %w", err)
	}
	list, ok := set["keys"].([]any)
	if !ok {
		return nil, nil, errors.New(`key set has no list "keys"`)
	}
	keys, count := publicKeys{}, map[string]int{}
	for i, element := range list {
		object, ok := element.(map[string]any)
		if !ok {
			return nil, nil, fmt.Errorf("keys[%d] is not an object", i)
		}
		for _, member := range privateMembers {
			if _, ok := object[member]; ok {
				return nil, nil, fmt.Errorf("keys[%d] has %q: %w", i, member, errPrivateKey)
			}
		}
		jwk := claimReader{object: object}
		if count[jwk.text("kty")]++; count[jwk.text("kty")] > maxKeysPerType {
			return nil, nil, fmt.Errorf("key set has more than %d %s keys", maxKeysPerType, quote(jwk.text("kty")))
		}
		key, names, err := readKey(&jwk)
		if err != nil {
			leftOut = append(leftOut, fmt.Sprintf("keys[%d]: %v", i, err))
			continue
		}
		if err := keys.add(key, names); err != nil {
			return nil, nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
	}
	return keys, leftOut, nil
}

// add enters key under each of its names. The same key may come twice; a second key under one name would make the choice arbitrary.
func (keys publicKeys) add(key crypto.PublicKey, names []keyName) error {
	for _, name := range names {
		if have, ok := keys[name].(interface{ Equal(crypto.PublicKey) bool }); ok && !have.Equal(key) {
			return fmt.Errorf("kid %s names two different %s keys", quote(name.id), name.algorithm)
		}
		keys[name] = key
	}
	return nil
}

// named says whether a key has this id, for whatever algorithm.
func (keys publicKeys) named(id string) bool {
	return slices.ContainsFunc(algorithms, func(a jose.SignatureAlgorithm) bool { return keys[keyName{id, a}] != nil })
}

// readKey returns a usable key and what tokens may call it.
func readKey(jwk *claimReader) (crypto.PublicKey, []keyName, error) {
	id, algorithm, use, operations := jwk.text("kid"), jwk.text("alg"), jwk.text("use"), jwk.list("key_ops")
	switch {
	case jwk.err != nil:
		return nil, nil, jwk.err
	case id == "":
		return nil, nil, errors.New("it has no kid")
	case use != "" && use != "sig":
		return nil, nil, fmt.Errorf("its use is %s, not sig", quote(use))
	case operations != nil && !slices.Contains(operations, "verify"):
		return nil, nil, errors.New("its key_ops lack verify")
	}
	key, admitted, err := decodeKey(jwk.object)
	if err != nil {
		return nil, nil, err
	}
	var names []keyName
	for _, candidate := range admitted {
		if algorithm == "" || algorithm == string(candidate) {
			names = append(names, keyName{id, candidate})
		}
	}
	if names == nil {
		return nil, nil, fmt.Errorf("its alg %s is not one that web identity tokens may have", quote(algorithm))
	}
	return key, names, nil
}

// decodeKey has go-jose read the key's own parameters, and nothing else: certificates beside them mean nothing here, and one that is
// written sloppily shall not cost the key.
func decodeKey(object map[string]any) (crypto.PublicKey, []jose.SignatureAlgorithm, error) {
	parameters := map[string]any{}
	for _, member := range []string{"kty", "n", "e", "crv", "x", "y"} {
		if value, ok := object[member]; ok {
			parameters[member] = value
		}
	}
	source, err := json.Marshal(parameters)
	if err != nil {
		return nil, nil, err
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(source); err != nil {
		return nil, nil, fmt.Errorf("reading its parameters: %s", quote(err.Error()))
	}
	admitted := admittedAlgorithms(jwk.Key)
	if key, ok := jwk.Key.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
		return nil, nil, fmt.Errorf("its modulus has %d bits; at least %d are needed", key.N.BitLen(), minRSABits)
	}
	if admitted == nil {
		return nil, nil, errors.New("its type is neither RSA nor a NIST curve")
	}
	return jwk.Key, admitted, nil
}
