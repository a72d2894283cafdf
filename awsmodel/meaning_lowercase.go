package awsmodel

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// caseless are the types of resources, by their services, whose names are "stored as a lowercase string" (Amazon RDS, Amazon ElastiCache and Amazon
// Redshift API References, on the identifiers and names in requests that make these).
var caseless = map[string]string{
	"elasticache": "cluster replicationgroup subnetgroup",
	"rds":         "cluster cluster-endpoint cluster-pg cluster-snapshot db global-cluster og pg snapshot subgrp",
	"redshift":    "cluster parametergroup subnetgroup",
}

// lowercase is the ARN that a resource has, where its service does not tell capital letters in a name from small ones: PROD is the database prod, and no
// other policy is for it.
func lowercase(resource string) string {
	arn, err := policy.ParseARN(resource)
	if kind, _, _ := strings.Cut(arn.Resource, ":"); err != nil || !listed(caseless[arn.Service], kind) {
		return resource
	}
	arn.Resource = strings.ToLower(arn.Resource)
	return arn.String()
}
