package main

import (
	"net"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// regionOfHost is the region of an endpoint of STS's by its host name, which is how AWS knows the region of an unsigned exchange: where DNS leads
// AWS's names to a plane, clients send them. ok is false for other names, such as the plane's own. The global name is in us-east-1 (AWS General Reference,
// "AWS Security Token Service endpoints and quotas"). A host name is the client's to choose, here as on AWS, and proves nothing.
func regionOfHost(host string) (region string, ok bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "sts.amazonaws.com" {
		return "us-east-1", true
	}
	service, rest, _ := strings.Cut(host, ".")
	region, suffix, _ := strings.Cut(rest, ".")
	partition, known := policy.PartitionOfRegion(region)
	if !known || service != "sts" && service != "sts-fips" || suffix != partition.DNSSuffix && suffix != partition.DualStackDNS {
		return "", false
	}
	return region, true
}
