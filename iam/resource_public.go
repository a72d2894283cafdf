package iam

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// boundingKeys are the condition keys whose fixed value keeps a grant to everybody from being public (Amazon S3 User Guide, "Blocking public access to
// your Amazon S3 storage": "The meaning of public"), in lower case.
var boundingKeys = map[string]bool{
	"aws:sourceip": true, "aws:sourcearn": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceowner": true, "aws:sourceaccount": true,
	"aws:userid": true, "aws:principalorgid": true, "aws:principalorgpaths": true, "aws:principalarn": true, "aws:principalaccount": true,
	"s3:x-amz-server-side-encryption-aws-kms-key-id": true, "s3:dataaccesspointarn": true, "s3:dataaccesspointaccount": true,
}

// The widest ranges of addresses that are not everybody's.
const (
	widestIPv4 = 8
	widestIPv6 = 32
)

// isPublic tells whether a document that was saved grants to everybody.
func isPublic(source string) (bool, error) {
	document, err := policy.Parse([]byte(source))
	if err != nil {
		return false, failure(fmt.Errorf("reading a policy that was saved: %w", err))
	}
	return grantsPublicly(document), nil
}

// grantsPublicly tells whether some statement allows everybody, without a condition that bounds it. Denials do not count.
func grantsPublicly(document *policy.Document) bool {
	for i := range document.Len() {
		s := document.Statement(i)
		if !s.Denies() && namesEverybody(s.Principal) && !slices.ContainsFunc(s.Conditions, bounds) {
			return true
		}
	}
	return false
}

func namesEverybody(element *policy.PrincipalElement) bool {
	if element == nil {
		return false
	}
	return slices.ContainsFunc(element.Types, func(list policy.PrincipalTypeList) bool {
		return list.Type == "AWS" && slices.ContainsFunc(list.Values, func(t policy.Text) bool { return t.Value == "*" })
	})
}

// bounds tells whether a condition asks for fixed values of a key that bounds a grant: such that are no patterns, and no wide range of addresses.
func bounds(c policy.ConditionEntry) bool {
	if c.Operator.Negated || c.Operator.IfExists || c.Operator.Set == "ForAllValues" || c.Operator.Type == policy.NullOperator ||
		!boundingKeys[strings.ToLower(c.Key.Value)] || len(c.Values) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(t policy.Text) bool {
		if c.Operator.Type == policy.IPOperator {
			return isWide(t.Value)
		}
		return strings.ContainsAny(t.Value, "*?$")
	})
}

func isWide(text string) bool {
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil: // one address
		return false
	case prefix.Addr().Is4():
		return prefix.Bits() < widestIPv4
	}
	return prefix.Bits() < widestIPv6
}
