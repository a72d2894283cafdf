package awsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/openirsa/openirsa/iam"
)

// maxJSONDepth is more than a key set in a request needs.
const maxJSONDepth = 16

// decodeJSON reads body, one JSON object and nothing after it, into the struct that in points to. It is stricter than
// encoding/json, which takes the last of two members with one name, matches names without case, skips unknown ones and
// replaces what is not UTF-8. An empty body is an empty object.
func decodeJSON(body []byte, in any) error {
	if len(body) == 0 {
		body = []byte("{}")
	}
	if !utf8.Valid(body) {
		return notJSON(errors.New("it is not UTF-8"), 0)
	}
	walker := json.NewDecoder(bytes.NewReader(body))
	walker.UseNumber()
	if err := walkJSON(walker, 0); err != nil {
		return notJSON(err, walker.InputOffset())
	}
	if _, err := walker.Token(); err != io.EOF {
		return notJSON(errors.New("something follows the object"), walker.InputOffset())
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(in); err != nil {
		return notJSON(withoutValues(err), decoder.InputOffset())
	}
	return nil
}

// walkJSON reads one value and refuses a member name that an object has twice, whatever its case.
func walkJSON(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return withoutValues(err)
	}
	delimiter, composite := token.(json.Delim)
	switch {
	case depth == 0 && delimiter != '{':
		return errors.New("it is not an object")
	case !composite:
		return nil
	case depth == maxJSONDepth:
		return fmt.Errorf("it is nested deeper than %d levels", maxJSONDepth)
	}
	seen := map[string]bool{}
	for decoder.More() {
		if delimiter == '{' {
			name, err := decoder.Token()
			if err != nil {
				return withoutValues(err)
			}
			// Only ASCII folds as ToLower does: encoding/json would take U+212A for a k.
			if strings.ContainsFunc(name.(string), func(r rune) bool { return r < ' ' || r > '~' }) {
				return errors.New("a member's name is not plain ASCII")
			}
			folded := strings.ToLower(name.(string))
			if seen[folded] {
				return fmt.Errorf("%s is given twice", name)
			}
			seen[folded] = true
		}
		if err := walkJSON(decoder, depth+1); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return withoutValues(err)
	}
	return nil
}

// withoutValues keeps what encoding/json says about structure and drops what it quotes of the input.
func withoutValues(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s is not a JSON %s", wrongType.Field, wrongType.Type)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return errors.New("it has an " + strings.TrimPrefix(err.Error(), "json: "))
	}
	return errors.New("it is not JSON")
}

// notJSON is AWS JSON's refusal of a body that does not decode.
func notJSON(err error, offset int64) *iam.Error {
	return &iam.Error{Code: "SerializationException", Message: fmt.Sprintf("Reading the request near byte %d: %v.", offset, err)}
}
