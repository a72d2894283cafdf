package sigv4

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sign adds X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization to r.Header, in place of any that are there; for S3 also
// X-Amz-Content-Sha256. It signs every header but those that hops on the way change. Errors are mistakes of the caller.
func Sign(r *Request, c Credentials, region, service string, at time.Time) error {
	return sign(r, c, region, service, at, SigningKey)
}

// Signer signs as Sign does and keeps the signing keys. The zero value is ready. It is safe for concurrent use.
type Signer struct{ keys signingKeys }

// Sign is the package's Sign.
func (s *Signer) Sign(r *Request, c Credentials, region, service string, at time.Time) error {
	return sign(r, c, region, service, at, func(secretAccessKey string, scope Scope) Key {
		key, kept := s.keys.key(secretAccessKey, scope)
		if !kept {
			s.keys.keep(secretAccessKey, scope, key)
		}
		return key
	})
}

func sign(r *Request, c Credentials, region, service string, at time.Time, derive func(secretAccessKey string, scope Scope) Key) error {
	date := stamp(at)
	scope := Scope{Date: date[:len(dateFormat)], Region: region, Service: service}
	if err := checkSigner(r, c, scope); err != nil {
		return err
	}
	if r.Header == nil {
		r.Header = map[string][]string{}
	}
	set(r.Header, "Authorization", "")
	set(r.Header, "X-Amz-Date", date)
	set(r.Header, "X-Amz-Security-Token", c.SessionToken)
	if service == "s3" {
		set(r.Header, "X-Amz-Content-Sha256", r.PayloadHash)
	}
	names, values, err := headersToSign(r)
	if err != nil {
		return err
	}
	hex, err := signature(r, names, values, date, scope, derive(c.SecretAccessKey, scope), false, rulesOf(service))
	if err != nil {
		return fmt.Errorf("signing request: %w", err)
	}
	r.Header["Authorization"] = []string{Algorithm + " Credential=" + c.AccessKeyID + "/" + scope.String() +
		", SignedHeaders=" + strings.Join(names, ";") + ", Signature=" + string(hex[:])}
	return nil
}

// Presign returns r's query with the signature added; r is left as it is. The URL holds for expires, 1 second to 7 days in whole seconds,
// for requests that carry r's headers; services other than S3 ignore expires and let it hold for 15 minutes. S3's payload hash of a
// presigned request is UnsignedPayload.
func Presign(r *Request, c Credentials, region, service string, at time.Time, expires time.Duration) (string, error) {
	scope := Scope{Date: at.UTC().Format(dateFormat), Region: region, Service: service}
	return presign(r, c, scope, at, expires, rulesOf(service))
}

func presign(r *Request, c Credentials, scope Scope, at time.Time, expires time.Duration, rules rules) (string, error) {
	if err := checkSigner(r, c, scope); err != nil {
		return "", err
	}
	if expires < MinExpires || expires > MaxExpires || expires%time.Second != 0 {
		return "", fmt.Errorf("signing request: expires is %v, not whole seconds from %v to %v", expires, MinExpires, MaxExpires)
	}
	if q, err := readAuthQuery(r.RawQuery); err != nil || q.seen != 0 {
		return "", fmt.Errorf("signing request: the query holds signing parameters already (%v)", err)
	}
	names, values, err := headersToSign(r)
	if err != nil {
		return "", err
	}
	query := []byte(r.RawQuery)
	add := func(name, value string) {
		if len(query) > 0 {
			query = append(query, '&')
		}
		query = append(append(query, name...), '=')
		query = appendEncoded(query, value, false)
	}
	add("X-Amz-Algorithm", Algorithm)
	add("X-Amz-Credential", c.AccessKeyID+"/"+scope.String())
	add("X-Amz-Date", stamp(at))
	add("X-Amz-Expires", strconv.FormatInt(int64(expires/time.Second), 10))
	add("X-Amz-SignedHeaders", strings.Join(names, ";"))
	if c.SessionToken != "" {
		add("X-Amz-Security-Token", c.SessionToken)
	}
	signed := *r
	signed.RawQuery = string(query)
	hex, err := signature(&signed, names, values, stamp(at), scope, SigningKey(c.SecretAccessKey, scope), true, rules)
	if err != nil {
		return "", fmt.Errorf("signing request: %w", err)
	}
	add("X-Amz-Signature", string(hex[:]))
	return string(query), nil
}

func checkSigner(r *Request, c Credentials, scope Scope) error {
	switch {
	case c.SecretAccessKey == "":
		return errNoCredentials
	case r.PayloadHash == "":
		return errNoPayloadHash
	case !isName(c.AccessKeyID) || !isName(scope.Region) || !isName(scope.Service):
		return fmt.Errorf("signing request: %q cannot be a credential", c.AccessKeyID+"/"+scope.String())
	}
	return nil
}

// headersToSign returns host and every header that arrives as it was sent, in ascending order.
func headersToSign(r *Request) (names []string, values [][]string, err error) {
	var few [16]signedHeader
	headers := append(few[:0], signedHeader{"host", []string{r.Host}})
	for key, v := range r.Header {
		switch name := strings.ToLower(key); name {
		case "host", "authorization", "connection", "expect", "te", "trailer", "transfer-encoding", "user-agent", "x-amzn-trace-id":
		default:
			headers = append(headers, signedHeader{name, v})
		}
	}
	slices.SortFunc(headers, func(a, b signedHeader) int { return strings.Compare(a.name, b.name) })
	names, values = make([]string, 0, len(headers)), make([][]string, 0, len(headers))
	for _, h := range headers {
		switch {
		case len(h.values) == 0: // it is not sent
		case len(names) > 0 && names[len(names)-1] == h.name:
			return nil, nil, fmt.Errorf("signing request: header %q is there in two spellings", h.name)
		default:
			names, values = append(names, h.name), append(values, h.values)
		}
	}
	return names, values, nil
}

type signedHeader struct {
	name   string // lower case
	values []string
}

// set replaces a header in whatever case it is there; an empty value removes it.
func set(header map[string][]string, name, value string) {
	for key := range header {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			delete(header, key)
		}
	}
	if value != "" {
		header[name] = []string{value}
	}
}
