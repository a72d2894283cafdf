package oidc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4/json"
)

// Claims that AWS reads session tags and the source identity from. AWS documents two spellings of the tags: one nested object, and one
// flat claim for each tag, for issuers that cannot nest.
const (
	claimTags           = "https://aws.amazon.com/tags"
	claimFlatTag        = claimTags + "/principal_tags/"
	claimFlatTransitive = claimTags + "/transitive_tag_keys"
	claimSourceIdentity = "https://aws.amazon.com/source_identity"
)

const (
	maxDepth = 16           // of a token's claims
	maxTime  = 253402300799 // 9999-12-31T23:59:59Z: the last second that RFC 3339 can print
)

// parseClaims reads a token's payload. A claim of the wrong type is an error, a claim that nobody here uses is not.
func parseClaims(payload map[string]any) (Claims, error) {
	r := claimReader{object: payload}
	c := Claims{
		Issuer:          r.text("iss"),
		Subject:         r.text("sub"),
		Audience:        r.textOrList("aud"),
		AuthorizedParty: r.text("azp"),
		ID:              r.text("jti"),
		IssuedAt:        r.time("iat"),
		NotBefore:       r.time("nbf"),
		ExpiresAt:       r.time("exp"),
		AMR:             r.list("amr"),
		SourceIdentity:  r.text(claimSourceIdentity),
	}
	c.Tags, c.TransitiveTagKeys = r.tags()
	if r.err != nil {
		return Claims{}, r.err
	}
	return c, nil
}

// decodeObject reads one JSON object strictly. go-jose's decoder refuses duplicate names at every level and compares names with case;
// beyond that this refuses bytes that are not UTF-8 (which a decoder would silently replace, so that two subjects could become one),
// numbers that no float64 holds, and deep nesting.
func decodeObject(source []byte) (map[string]any, error) {
	if !utf8.Valid(source) {
		return nil, errors.New("JSON is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.SetNumberType(json.UnmarshalJSONNumber)
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("not a JSON object: %s", quote(err.Error()))
	}
	if object == nil {
		return nil, errors.New("not a JSON object: null")
	}
	var rest any
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return object, checkValue(object, maxDepth)
}

func checkValue(value any, depth int) error {
	if depth == 0 {
		return errors.New("JSON is nested too deeply")
	}
	switch value := value.(type) {
	case json.Number:
		if _, err := value.Float64(); err != nil {
			return fmt.Errorf("number %s is out of range", quote(value.String()))
		}
	case []any:
		for _, element := range value {
			if err := checkValue(element, depth-1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, element := range value {
			if err := checkValue(element, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// claimReader reads members of one object and keeps the first complaint. A member that is absent or null reads as the zero value.
type claimReader struct {
	object map[string]any
	err    error
}

func (r *claimReader) complain(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is not %s", quote(name), want)
	}
}

func (r *claimReader) text(name string) string {
	value, ok := r.object[name].(string)
	if !ok && r.object[name] != nil {
		r.complain(name, "a string")
	}
	return value
}

func (r *claimReader) list(name string) []string {
	if r.object[name] == nil {
		return nil
	}
	values, ok := r.object[name].([]any)
	if !ok {
		r.complain(name, "a list of strings")
		return nil
	}
	list := make([]string, len(values))
	for i, value := range values {
		if list[i], ok = value.(string); !ok {
			r.complain(name, "a list of strings")
			return nil
		}
	}
	return list
}

// textOrList is the type of aud: one string, or a list of them (RFC 7519, section 4.1.3).
func (r *claimReader) textOrList(name string) []string {
	if value, ok := r.object[name].(string); ok {
		if value == "" {
			return nil
		}
		return []string{value}
	}
	return r.list(name)
}

// time reads whole seconds since 1970. RFC 7519 would let a NumericDate have a fraction; issuers send none, and 1.7e9 has more than one
// reading, so only digits are taken.
func (r *claimReader) time(name string) time.Time {
	if r.object[name] == nil {
		return time.Time{}
	}
	number, ok := r.object[name].(json.Number)
	if !ok {
		r.complain(name, "a number")
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || seconds < 0 || seconds > maxTime {
		r.complain(name, "a whole number of seconds since 1970")
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// tags reads session tags in either of AWS's spellings; both in one token are refused rather than merged.
func (r *claimReader) tags() (tags map[string]string, transitive []string) {
	tags = map[string]string{}
	for name := range r.object {
		if key, ok := strings.CutPrefix(name, claimFlatTag); ok {
			tags[key] = r.single(name)
		}
	}
	transitive = r.list(claimFlatTransitive)
	if r.object[claimTags] == nil {
		return tags, transitive
	}
	if len(tags) > 0 || transitive != nil {
		r.complain(claimTags, "the only claim that holds tags")
	}
	claim := r.nested(claimTags)
	for member := range claim.object {
		if member != "principal_tags" && member != "transitive_tag_keys" {
			claim.complain(member, "a member that the tags claim may have")
		}
	}
	principal := claim.nested("principal_tags")
	for key := range principal.object {
		tags[key] = principal.single(key)
	}
	transitive = claim.list("transitive_tag_keys")
	for _, err := range []error{claim.err, principal.err} {
		if r.err == nil {
			r.err = err
		}
	}
	return tags, transitive
}

// nested returns a reader of a member that must be an object.
func (r *claimReader) nested(name string) *claimReader {
	object, ok := r.object[name].(map[string]any)
	if !ok && r.object[name] != nil {
		r.complain(name, "an object")
	}
	return &claimReader{object: object}
}

// single reads one string, alone or as the only element of a list: AWS writes [v], and a tag has exactly one value.
func (r *claimReader) single(name string) string {
	values := r.textOrList(name)
	if value, ok := r.object[name].(string); ok {
		return value
	}
	if len(values) != 1 {
		r.complain(name, "one string")
		return ""
	}
	return values[0]
}
