package policy

import (
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name, split on its first five colons: arn:partition:service:region:account:resource.
// Region and Account may be empty; Resource may hold further colons and slashes.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// ParseARN splits text into its parts. It asks for the prefix "arn", all six parts, and a partition, service and
// resource that are not empty (AWS General Reference, "Amazon Resource Names").
func ParseARN(text string) (ARN, error) {
	parts, ok := splitARN(text)
	if !ok {
		return ARN{}, fmt.Errorf("%q is not an ARN (arn:partition:service:region:account:resource)", text)
	}
	a := ARN{Partition: parts[1], Service: parts[2], Region: parts[3], Account: parts[4], Resource: parts[5]}
	if a.Partition == "" || a.Service == "" || a.Resource == "" {
		return ARN{}, fmt.Errorf("%q is not an ARN: partition, service and resource must not be empty", text)
	}
	return a, nil
}

// String puts the parts back together; it is the inverse of ParseARN.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// splitARN cuts text at its first five colons. ok tells whether there are six parts of which the first is "arn".
func splitARN(text string) (parts [6]string, ok bool) {
	if !strings.HasPrefix(text, "arn:") {
		return parts, false
	}
	for i := range 5 {
		colon := strings.IndexByte(text, ':')
		if colon < 0 {
			return parts, false
		}
		parts[i], text = text[:colon], text[colon+1:]
	}
	parts[5] = text
	return parts, true
}

// IsAccountID tells whether text has the form of an account's id: twelve digits
// (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html).
func IsAccountID(text string) bool {
	if len(text) != 12 {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
