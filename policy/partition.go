package policy

import (
	"regexp"
	"slices"
	"strings"
)

// Partition is a group of regions with accounts, ARNs and host names of its own: nothing in one partition reaches into another (AWS General
// Reference, "AWS service endpoints"; the values are those of the endpoint rules that AWS's SDKs share).
type Partition struct {
	ID            string // the second part of its ARNs
	DNSSuffix     string // of its endpoints' host names, and of its service principals
	DualStackDNS  string // of the host names that answer on IPv6 too
	GlobalRegion  string // the one that signs for services without regions, IAM first of all
	regionPattern *regexp.Regexp
}

// partitions is AWS's table. No two patterns match one region: \w has no hyphen.
var partitions = []Partition{
	{"aws", "amazonaws.com", "api.aws", "us-east-1", regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$`)},
	{"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1", regexp.MustCompile(`^cn-\w+-\d+$`)},
	{"aws-us-gov", "amazonaws.com", "api.aws", "us-gov-west-1", regexp.MustCompile(`^us-gov-\w+-\d+$`)},
	{"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1", regexp.MustCompile(`^eusc-(de)-\w+-\d+$`)},
	{"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1", regexp.MustCompile(`^us-iso-\w+-\d+$`)},
	{"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1", regexp.MustCompile(`^us-isob-\w+-\d+$`)},
	{"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1", regexp.MustCompile(`^eu-isoe-\w+-\d+$`)},
	{"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1", regexp.MustCompile(`^us-isof-\w+-\d+$`)},
}

// Partitions are all that AWS has.
func Partitions() []Partition { return slices.Clone(partitions) }

// PartitionByID finds a partition by its ID.
func PartitionByID(id string) (Partition, bool) {
	for _, p := range partitions {
		if p.ID == id {
			return p, true
		}
	}
	return Partition{}, false
}

// PartitionOfRegion finds the partition that a region belongs to by the form of its name, so that regions that AWS opens later are known too.
// It is not found for names that no partition uses ("local").
func PartitionOfRegion(region string) (Partition, bool) {
	for _, p := range partitions {
		if p.HasRegion(region) {
			return p, true
		}
	}
	return Partition{}, false
}

// HasRegion tells whether the region's name has the partition's form. The pseudo region of global services ("aws-cn-global") counts.
func (p Partition) HasRegion(region string) bool {
	return p.regionPattern.MatchString(region) || region == p.ID+"-global"
}

// inPartition tells whether an ARN is of the partition with that ID.
func inPartition(arn, id string) bool {
	rest, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return false
	}
	rest, ok = strings.CutPrefix(rest, id)
	return ok && strings.HasPrefix(rest, ":")
}
