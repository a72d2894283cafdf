package sigv4

import (
	"strconv"
	"strings"
	"time"
)

// Parse reads the Authorization header or the presigned query. It returns ErrUnsigned for a request that has neither; other errors are
// *Error. What it returns is a claim: nothing is verified but its form.
func Parse(r *Request) (*Authorization, error) {
	if len(r.RawQuery) > maxQuery {
		return nil, errTooLong("query string")
	}
	header := readAuthHeader(r.Header)
	if header.authorization.twice {
		return nil, errTwice("Authorization")
	}
	query, err := readAuthQuery(r.RawQuery)
	if err != nil {
		return nil, err
	}
	switch {
	case header.authorization.found && query.present:
		return nil, errBothForms()
	case header.authorization.found:
		return parseHeader(&header)
	case query.present:
		return parseQuery(query, header.token.found)
	}
	return nil, ErrUnsigned
}

// authHeader holds the headers that sign.
type authHeader struct{ authorization, amzDate, date, token onlyHeader }

// onlyHeader is a header that may be there once at most.
type onlyHeader struct {
	value        string
	found, twice bool
}

func (o *onlyHeader) add(values []string) {
	if len(values) == 0 {
		return
	}
	o.twice = o.found || len(values) > 1
	o.value, o.found = strings.TrimSpace(values[0]), true
}

// readAuthHeader finds them in one pass, names in any case.
func readAuthHeader(header map[string][]string) (h authHeader) {
	for name, values := range header {
		switch {
		case len(name) == len("date") && strings.EqualFold(name, "date"):
			h.date.add(values)
		case len(name) == len("x-amz-date") && strings.EqualFold(name, "x-amz-date"):
			h.amzDate.add(values)
		case len(name) == len("authorization") && strings.EqualFold(name, "authorization"):
			h.authorization.add(values)
		case len(name) == len("x-amz-security-token") && strings.EqualFold(name, "x-amz-security-token"):
			h.token.add(values)
		}
	}
	return h
}

func parseHeader(h *authHeader) (*Authorization, error) {
	header := h.authorization.value
	if len(header) > maxAuthorization {
		return nil, errTooLong("Authorization header")
	}
	algorithm, rest, more := strings.Cut(header, " ")
	if algorithm != Algorithm {
		return nil, errAlgorithm(algorithm, more)
	}
	parts, err := readParts(rest, header)
	if err != nil {
		return nil, err
	}
	date, err := h.requestDate()
	if err != nil {
		return nil, err
	}
	if err := parts.complete(date, header); err != nil {
		return nil, err
	}
	a := &Authorization{Signature: parts.signature}
	if a.Time, err = parseTime(date); err != nil {
		return nil, errDate(false, date)
	}
	if h.token.twice {
		return nil, errTwice("X-Amz-Security-Token")
	}
	a.SessionToken = h.token.value
	return a, a.fill(parts.credential, parts.signedHeaders)
}

// headerParts are what an Authorization header says after the algorithm. unknown is the name of a part that is none of them.
type headerParts struct {
	credential, signedHeaders, signature, unknown string
	number                                        int // of all parts
}

// readParts splits "Credential=…, SignedHeaders=…, Signature=…", in any order, with or without spaces.
func readParts(rest, header string) (parts headerParts, err error) {
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return parts, errPart(part, header)
		}
		parts.number++
		var target *string
		switch name {
		case "Credential":
			target = &parts.credential
		case "SignedHeaders":
			target = &parts.signedHeaders
		case "Signature":
			target = &parts.signature
		default:
			parts.unknown = first(parts.unknown, name)
			continue
		}
		if *target != "" {
			return parts, errTwice(name)
		}
		*target = value
	}
	return parts, nil
}

// complete refuses a header with a part missing or too many, or without a date beside it. What is missing is told first, as AWS does.
func (p *headerParts) complete(date, header string) error {
	var missing []string
	for _, part := range [...]struct{ name, value string }{{"Credential", p.credential}, {"Signature", p.signature}, {"SignedHeaders", p.signedHeaders}} {
		if part.value == "" {
			missing = append(missing, part.name)
		}
	}
	switch {
	case missing != nil || date == "":
		return errMissing(missing, p.number, date != "", header)
	case p.unknown != "":
		return malformed(false, quote(p.unknown)+" is not a parameter of the Authorization header.")
	}
	return nil
}

// requestDate finds the date that a request was signed at: X-Amz-Date, even an empty one, before Date; "" where there is none.
func (h *authHeader) requestDate() (string, error) {
	switch {
	case h.amzDate.twice:
		return "", errTwice("X-Amz-Date")
	case h.amzDate.found:
		return h.amzDate.value, nil
	case h.date.twice:
		return "", errTwice("Date")
	}
	return h.date.value, nil
}

// parseTime reads ISO 8601's basic format, or the format of the HTTP Date header (RFC 9110, 5.6.7).
func parseTime(s string) (time.Time, error) {
	if len(s) == len(TimeFormat) { // time.Parse alone would take a fraction of a second
		return time.Parse(TimeFormat, s)
	}
	return time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", s)
}

// authQuery holds a presigned request's parameters, decoded. present: at least one says that the query signs.
type authQuery struct {
	algorithm, credential, date, expires, signedHeaders, signature, token string
	seen                                                                  uint8 // one bit for each of the above
	present                                                               bool
}

// parameter finds where a query parameter belongs, and how its name is spelled. Names are found without case, so that none in another
// spelling can stand beside the one that counts.
func (q *authQuery) parameter(name string) (target *string, spelling string, bit uint8, signs bool) {
	if len(name) < len("X-Amz-Date") || !strings.EqualFold(name[:len("X-Amz-")], "X-Amz-") {
		return nil, "", 0, false
	}
	switch strings.ToLower(name) {
	case "x-amz-algorithm":
		return &q.algorithm, "X-Amz-Algorithm", 1 << 0, true
	case "x-amz-credential":
		return &q.credential, "X-Amz-Credential", 1 << 1, true
	case "x-amz-date":
		return &q.date, "X-Amz-Date", 1 << 2, false
	case "x-amz-expires":
		return &q.expires, "X-Amz-Expires", 1 << 3, false
	case "x-amz-signedheaders":
		return &q.signedHeaders, "X-Amz-SignedHeaders", 1 << 4, true
	case "x-amz-signature":
		return &q.signature, "X-Amz-Signature", 1 << 5, true
	case "x-amz-security-token":
		return &q.token, "X-Amz-Security-Token", 1 << 6, false
	}
	return nil, "", 0, false
}

func readAuthQuery(rawQuery string) (authQuery, error) {
	var q authQuery
	for piece := range strings.SplitSeq(rawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(piece, "=")
		name, err := decode(rawName, true)
		if err != nil {
			return q, err
		}
		target, spelling, bit, signs := q.parameter(name)
		if target == nil {
			continue
		}
		if name != spelling {
			return q, errMisspelled(name, spelling)
		}
		if q.seen&bit != 0 {
			return q, errTwice(name)
		}
		q.seen |= bit
		q.present = q.present || signs
		if *target, err = decode(rawValue, true); err != nil {
			return q, err
		}
	}
	return q, nil
}

func parseQuery(q authQuery, tokenInHeader bool) (*Authorization, error) {
	if q.algorithm != Algorithm {
		return nil, errQueryAlgorithm(q.algorithm)
	}
	var missing []string
	for _, part := range [...]struct{ name, value string }{
		{"X-Amz-Credential", q.credential}, {"X-Amz-Signature", q.signature},
		{"X-Amz-SignedHeaders", q.signedHeaders}, {"X-Amz-Date", q.date},
	} {
		if part.value == "" {
			missing = append(missing, part.name)
		}
	}
	if missing != nil {
		return nil, errMissingParameters(missing)
	}
	if tokenInHeader {
		return nil, errTwice("X-Amz-Security-Token")
	}
	a := &Authorization{Signature: q.signature, SessionToken: q.token, Presigned: true}
	var err error
	if len(q.date) != len(TimeFormat) {
		return nil, errDate(true, q.date)
	}
	if a.Time, err = time.Parse(TimeFormat, q.date); err != nil {
		return nil, errDate(true, q.date)
	}
	if err := a.fill(q.credential, q.signedHeaders); err != nil {
		return nil, err
	}
	// Only S3 has an X-Amz-Expires. The others ignore it: their presigned requests hold as long as signed headers do.
	if a.Expires = MaxSkew; a.Scope.Service == "s3" {
		a.Expires, err = parseExpires(q.expires)
	}
	return a, err
}

func parseExpires(s string) (time.Duration, error) {
	if s == "" {
		return 0, errMissingParameters([]string{"X-Amz-Expires"})
	}
	seconds, err := strconv.ParseInt(s, 10, 32)
	expires := time.Duration(seconds) * time.Second
	switch {
	case err != nil:
		return 0, errExpires("X-Amz-Expires should be a number")
	case seconds < 0:
		return 0, errExpires("X-Amz-Expires must be non-negative")
	case expires < MinExpires:
		return 0, errExpires("X-Amz-Expires must be at least 1 second")
	case expires > MaxExpires:
		return 0, errExpires("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	return expires, nil
}

// fill reads what both forms have.
func (a *Authorization) fill(credential, signedHeaders string) error {
	var parts [5]string
	rest, more := credential, true
	for i := range parts {
		if !more {
			return errCredential(a.Presigned, credential)
		}
		parts[i], rest, more = strings.Cut(rest, "/")
	}
	if more || !isName(parts[0]) || !isName(parts[2]) || !isName(parts[3]) {
		return errCredential(a.Presigned, credential)
	}
	if parts[4] != terminator {
		return errTerminator(a.Presigned, parts[4])
	}
	a.AccessKeyID, a.Scope = parts[0], Scope{Date: parts[1], Region: parts[2], Service: parts[3]}
	if !a.isDated() && !isDate(a.Scope.Date) {
		return errScopeDate(a)
	}
	a.SignedHeaders = strings.Split(signedHeaders, ";")
	for i, name := range a.SignedHeaders {
		if !isHeaderName(name) || i > 0 && a.SignedHeaders[i-1] >= name {
			return malformed(a.Presigned, "SignedHeaders must be lower-case header names in ascending order, each once, separated by semicolons.")
		}
	}
	return nil
}

// isName accepts what access key ids, regions and services are made of.
func isName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// isDated tells whether the scope's date is the request's.
func (a *Authorization) isDated() bool {
	var text [len(dateFormat)]byte
	return string(a.Time.AppendFormat(text[:0], dateFormat)) == a.Scope.Date
}

func isDate(s string) bool {
	_, err := time.Parse(dateFormat, s)
	return err == nil
}

// isHeaderName accepts an RFC 9110 token without capitals.
func isHeaderName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' || !isAlphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
