package awsapi

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openirsa/openirsa/iam"
)

const (
	// MaxBody is the largest request body in bytes. The largest legitimate one, an exchange with its token and a session
	// policy, is below 100 KiB.
	MaxBody = 1 << 20
	// maxParameters bounds one request's parameters. AssumeRole at all of its limits (50 tags, 50 transitive keys, 10
	// policy ARNs) has 170; CreateOpenIDConnectProvider (100 client ids, 50 tags, 5 thumbprints) 207.
	maxParameters = 512
	// maxParameterName bounds a parameter's name in bytes; AWS's longest is below 50.
	maxParameterName = 128
)

// form holds the parameters of one Query request. An operation takes what it knows by name; the first value that does not
// decode is kept in problem, and what nobody took is refused by finish, so that neither can be overlooked.
type form struct {
	values  map[string]string
	taken   map[string]bool
	problem error
	// showsNull: the service is STS, which says "Value null at"; IAM says "Value at".
	showsNull bool
}

// parseForm decodes the query of the URL and the body together, both application/x-www-form-urlencoded. It is stricter than
// net/url: a name given twice, wherever, is an error, because two readers of one request must not see different values.
// Values are UTF-8 without control characters other than tab, line feed and carriage return (what XML 1.0 and AWS's own
// patterns allow). Errors name a position, never a value, which may be a token.
func parseForm(query, body string) (*form, error) {
	if strings.Count(query, "&")+strings.Count(body, "&") > maxParameters {
		return nil, malformed("the request has more than %d parameters", maxParameters)
	}
	f := &form{values: map[string]string{}, taken: map[string]bool{}}
	for _, part := range []struct{ name, text string }{{"query", query}, {"body", body}} {
		position := 0
		for field := range strings.SplitSeq(part.text, "&") {
			position++
			if field == "" {
				continue
			}
			if err := f.add(field); err != nil {
				return nil, malformed("parameter %d of the %s: %w", position, part.name, err)
			}
		}
	}
	return f, nil
}

func (f *form) add(field string) error {
	rawName, rawValue, _ := strings.Cut(field, "=")
	name, err := unescape(rawName)
	if err != nil {
		return fmt.Errorf("its name %w", err)
	}
	if !isParameterName(name) {
		return fmt.Errorf("its name is not 1 to %d letters, digits, dots, hyphens or underscores", maxParameterName)
	}
	if _, given := f.values[name]; given {
		return fmt.Errorf("%s is given twice", name)
	}
	value, err := unescape(rawValue)
	if err != nil {
		return fmt.Errorf("the value of %s %w", name, err)
	}
	f.values[name] = value
	return nil
}

// unescape reads one percent-encoded name or value. A raw ";" is refused because servers disagree whether it separates.
func unescape(s string) (string, error) {
	if strings.Contains(s, ";") {
		return "", fmt.Errorf("has a semicolon that is not percent-encoded")
	}
	text, err := url.QueryUnescape(s)
	if err != nil {
		return "", fmt.Errorf("has a malformed percent-encoding")
	}
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("is not UTF-8")
	}
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7F || r == 0xFFFE || r == 0xFFFF {
			return "", fmt.Errorf("has a control character")
		}
	}
	return text, nil
}

// isParameterName also makes names safe to repeat in messages.
func isParameterName(s string) bool {
	if s == "" || len(s) > maxParameterName {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// lookup takes a parameter.
func (f *form) lookup(name string) (value string, given bool) {
	value, given = f.values[name]
	if given {
		f.taken[name] = true
	}
	return value, given
}

// required takes a string that must be given and not be empty.
func (f *form) required(name string) string {
	if _, given := f.lookup(name); !given {
		f.fail(f.null(lowerFirst(name)))
	}
	return f.text(name)
}

// parameter is required for the few operations of IAM that answer a missing name in another way, with its name as it is on the wire.
func (f *form) parameter(name string) string {
	if _, given := f.lookup(name); !given {
		f.fail(&iam.Error{Code: "MissingParameter", Message: "The request must contain the parameter " + name + "."})
	}
	return f.text(name)
}

// text takes a string, "" when it is not given. A given empty one is refused: no model here has a string of length 0 but
// descriptions and tag values, and a role's PermissionsBoundary must not be lost because a template was empty.
func (f *form) text(name string) string {
	value, given := f.lookup(name)
	if given && value == "" {
		f.fail(invalid("at '"+lowerFirst(name)+"'", "have length greater than or equal to 1"))
	}
	return value
}

// anyText takes a string that may be given and empty; nil when it is not given.
func (f *form) anyText(name string) *string {
	if value, given := f.lookup(name); given {
		return &value
	}
	return nil
}

// emptyOr takes a string that may be empty, and is when it is not given.
func (f *form) emptyOr(name string) string {
	value, _ := f.lookup(name)
	return value
}

// requiredAny takes a string that must be given and may be empty.
func (f *form) requiredAny(name string) string {
	value, given := f.lookup(name)
	if !given {
		f.fail(f.null(lowerFirst(name)))
	}
	return value
}

// integer takes a whole number that fits 32 bits, as all of AWS's models have it here; nil when it is not given. AWS has nothing to say to what
// is none: its MalformedInput has no message.
func (f *form) integer(name string) *int {
	value, given := f.lookup(name)
	if !given {
		return nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	switch {
	case value == "":
		f.fail(malformed("missing value for decimal type"))
		return nil
	case err != nil:
		f.fail(&iam.Error{Code: "MalformedInput", Err: fmt.Errorf("%s is not an integer", name)})
		return nil
	}
	return new(int(n))
}

// boolean takes "true" or "false"; false when it is not given.
func (f *form) boolean(name string) bool {
	switch value, given := f.lookup(name); {
	case !given || value == "false":
		return false
	case value == "true":
		return true
	}
	f.fail(malformed("%s is neither true nor false", name))
	return false
}

// list takes name.member.1, name.member.2 and so on up to the first that is missing. A member beyond a gap stays untaken, so
// that finish refuses it, and no index however large costs anything. SDKs write an empty list as the bare name.
func (f *form) list(name string) []string {
	f.emptyList(name)
	var members []string
	for {
		value, given := f.lookup(member(name, len(members)+1))
		if !given {
			return members
		}
		members = append(members, value)
	}
}

// tags takes a list of Key and Value pairs, both required in each member (the Tag shape of IAM and STS).
func (f *form) tags(name string) []iam.Tag {
	f.emptyList(name)
	var tags []iam.Tag
	for {
		prefix := member(name, len(tags)+1)
		key, hasKey := f.lookup(prefix + ".Key")
		value, hasValue := f.lookup(prefix + ".Value")
		switch {
		case !hasKey && !hasValue:
			return tags
		case !hasKey:
			f.fail(f.null(fmt.Sprintf("%s.%d.member.key", lowerFirst(name), len(tags)+1)))
		case !hasValue:
			f.fail(f.null(fmt.Sprintf("%s.%d.member.value", lowerFirst(name), len(tags)+1)))
		}
		tags = append(tags, iam.Tag{Key: key, Value: value})
	}
}

// policyARNs takes the list of PolicyDescriptorType, structures whose only member is arn (STS, botocore's model of 2011-06-15).
func (f *form) policyARNs(name string) []string {
	f.emptyList(name)
	var arns []string
	for {
		arn, given := f.lookup(member(name, len(arns)+1) + ".arn")
		if !given {
			return arns
		}
		arns = append(arns, arn)
	}
}

func (f *form) emptyList(name string) {
	if value, _ := f.lookup(name); value != "" {
		f.fail(malformed("%s is a list; its members are named %s.member.1 and so on", name, name))
	}
}

func (f *form) fail(err error) {
	if f.problem == nil {
		f.problem = err
	}
}

// finish reports the first value that did not decode, or a parameter that the operation does not know. AWS ignores unknown
// parameters. Here a misspelled PermissionsBoundary must not create a role without one, and SDKs only send what AWS's models
// list. A presigned request's X-Amz-… parameters belong to the signature.
func (f *form) finish() error {
	if f.problem != nil {
		return f.problem
	}
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if !f.taken[name] && !strings.HasPrefix(name, "X-Amz-") {
			return &iam.Error{Code: "InvalidQueryParameter", Message: fmt.Sprintf("The parameter %s is not recognized", name)}
		}
	}
	return nil
}

func member(name string, index int) string { return name + ".member." + strconv.Itoa(index) }

// null is the sentence of the form's service for what is not there.
func (f *form) null(field string) *iam.Error {
	if f.showsNull {
		return invalid("null at '"+field+"'", "not be null")
	}
	return missing(field)
}

// missing and invalid are the sentences of AWS's model validation, as IAM has them: without the value.
func missing(field string) *iam.Error { return invalid("at '"+field+"'", "not be null") }

func invalid(valueAndField, must string) *iam.Error {
	return &iam.Error{Code: "ValidationError", Message: fmt.Sprintf(
		"1 validation error detected: Value %s failed to satisfy constraint: Member must %s", valueAndField, must)}
}

// lowerFirst turns a parameter's name into the field name that validation messages use.
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// malformed is the refusal of a request that cannot be read; AWS's Query services answer MalformedInput.
func malformed(format string, arguments ...any) *iam.Error {
	err := fmt.Errorf(format, arguments...)
	return &iam.Error{Code: "MalformedInput", Message: err.Error()}
}
