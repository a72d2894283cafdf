package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Verify checks r's signature with the secret access key. a is what Parse returned for r.
//
// Host and every x-amz-* header must be signed, and so must Date where it dates the request; every signed header must be there. Of IAM's and
// STS's x-amz-* headers, which ask for nothing, only X-Amz-Date, X-Amz-Security-Token and X-Amz-Target must. Other headers, Content-Type
// among them, may be unsigned, as the IAM User Guide allows. The date of the scope must be that of the request, and
// the request's time within 15 minutes of now; a presigned request holds from its time until Expires later. Errors are *Error. Comparison
// takes the same time wherever signatures differ.
func Verify(r *Request, a *Authorization, secretAccessKey string, now time.Time) error {
	values, err := a.check(r, now)
	if err != nil {
		return err
	}
	return a.compare(r, values, SigningKey(secretAccessKey, a.Scope), rulesOf(a.Scope.Service))
}

// check does all that needs no secret, and returns the values of the signed headers.
func (a *Authorization) check(r *Request, now time.Time) ([][]string, error) {
	if !a.isDated() {
		return nil, errScopeDate(a)
	}
	values, err := signedValues(r, a.SignedHeaders, a.Presigned, rulesOf(a.Scope.Service))
	if err != nil {
		return nil, err
	}
	span := MaxSkew
	if a.Presigned {
		span = a.Expires
	}
	switch {
	case a.Time.After(now.Add(MaxSkew)):
		return nil, errNotYet(a, now)
	case a.Time.Before(now.Add(-span)):
		return nil, errExpired(a, now, span)
	}
	return values, nil
}

// compare calculates the signature and holds it against the one that came.
func (a *Authorization) compare(r *Request, values [][]string, key Key, rules rules) error {
	want, err := signature(r, a.SignedHeaders, values, a.Time.Format(TimeFormat), a.Scope, key, a.Presigned, rules)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want[:], []byte(a.Signature)) != 1 {
		canonical, err := appendCanonicalRequest(nil, r, a.SignedHeaders, values, a.Presigned, rules)
		if err != nil {
			return err
		}
		return errSignature(a, string(appendStringToSign(nil, a.Time.Format(TimeFormat), a.Scope, canonical)))
	}
	return nil
}

// signature is the lower-case hex of the signature.
func signature(r *Request, names []string, values [][]string, at string, scope Scope, key Key, presigned bool, rules rules) (out [2 * sha256.Size]byte, err error) {
	var stack [2048]byte // enough for most requests, so that they need no allocation
	canonical, err := appendCanonicalRequest(stack[:0], r, names, values, presigned, rules)
	if err != nil {
		return out, err
	}
	var text [256]byte
	mac := hmac.New(sha256.New, key[:])
	mac.Write(appendStringToSign(text[:0], at, scope, canonical))
	var sum [sha256.Size]byte
	hex.Encode(out[:], mac.Sum(sum[:0]))
	return out, nil
}

// signedValues finds the values of the signed headers, in the order of names, and refuses headers that had to be signed and are not. Of several
// such headers it names the first in the alphabet, so that one request always gets one answer.
func signedValues(r *Request, names []string, presigned bool, rules rules) ([][]string, error) {
	values := make([][]string, len(names))
	var unsigned []string
	ambiguous, dated, dateSigned := "", presigned, false
	for key, v := range r.Header {
		if len(v) == 0 || strings.EqualFold(key, "host") {
			continue
		}
		i, signed := slices.BinarySearchFunc(names, key, compareFold)
		switch {
		case signed && values[i] != nil:
			ambiguous = first(ambiguous, names[i])
		case signed:
			values[i] = v
		case rules.mustSign(key):
			unsigned = append(unsigned, strings.ToLower(key))
		}
		dated = dated || strings.EqualFold(key, "x-amz-date")
		dateSigned = dateSigned || signed && strings.EqualFold(key, "date")
	}
	host, signed := slices.BinarySearch(names, "host")
	switch {
	case !signed:
		return nil, errNotSigned("host")
	case unsigned != nil:
		slices.Sort(unsigned)
		return nil, errNotSigned(unsigned...)
	case !dated && !dateSigned:
		return nil, errNotSigned("date")
	case ambiguous != "":
		return nil, errTwice(ambiguous)
	}
	values[host] = []string{r.Host}
	for i, name := range names {
		if values[i] == nil {
			return nil, malformed(presigned, "The request has no header "+quote(name)+", which is one of its SignedHeaders.")
		}
	}
	return values, nil
}

// first is the alphabetically first of two names, where an empty one is none.
func first(a, b string) string {
	if a == "" || b < a {
		return b
	}
	return a
}

// compareFold orders a lower-case name and a name in any case.
func compareFold(lower, any string) int {
	for i := 0; i < len(lower) && i < len(any); i++ {
		c := any[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if lower[i] != c {
			return int(lower[i]) - int(c)
		}
	}
	return len(lower) - len(any)
}
