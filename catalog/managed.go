package catalog

import (
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// ManagedPolicy is an AWS managed policy in one partition, as IAM shows it, with its default version only: earlier
// versions are not known.
type ManagedPolicy struct {
	Name string
	// Path is /, /service-role/ or /aws-service-role/. IAM attaches policies of the last kind to service-linked roles only
	// (AttachRolePolicy answers PolicyNotAttachable for any other).
	Path string
	ARN  string // arn:PARTITION:iam::aws:policy/… with the path
	// ID is ANPA and 17 characters. AWS does not publish its ids; this one is ours, made from the name alone, so that it is the
	// same on every plane and in every version of the catalogue.
	ID          string
	Description string // in our words
	// Created and Updated are the days, in UTC, on which AWS made the policy and its default version.
	Created, Updated time.Time
	DefaultVersionID string // AWS's number of it, such as v10
	Document         string // JSON of the default version; grants what AWS's text grants
}

// partitions are those of AWS. AWS's documents do not say which policies exist in which; all are rendered for each.
var partitions = []string{"aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"}

// ManagedPolicies lists the AWS managed policies that the catalogue knows, rendered for a partition (aws, aws-cn, …), in ascending
// order of their names. The caller owns the slice. It is an error if the partition is none of AWS's.
func ManagedPolicies(partition string) ([]ManagedPolicy, error) {
	if !slices.Contains(partitions, partition) {
		return nil, fmt.Errorf("partition %q is none of %s", partition, strings.Join(partitions, ", "))
	}
	sheets, err := managedSheets()
	if err != nil {
		return nil, fmt.Errorf("reading the embedded policies: %w", err)
	}
	list := make([]ManagedPolicy, len(sheets))
	for i, s := range sheets {
		document, err := render(s.statements, partition)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", s.name, err)
		}
		list[i] = ManagedPolicy{
			Name: s.name, Path: s.path, ARN: "arn:" + partition + ":iam::aws:policy" + s.path + s.name, ID: policyID(s.name),
			Description: s.about, Created: s.created, Updated: s.updated, DefaultVersionID: s.version, Document: document,
		}
	}
	return list, nil
}

//go:embed managed/*.policy
var managedFiles embed.FS

// managedSheets are the embedded policies, parsed once and then only read.
var managedSheets = sync.OnceValues(func() ([]*sheet, error) {
	entries, err := managedFiles.ReadDir("managed") // in ascending order of names
	if err != nil {
		return nil, err
	}
	var sheets []*sheet
	for _, entry := range entries {
		text, err := managedFiles.ReadFile("managed/" + entry.Name())
		if err != nil {
			return nil, err
		}
		s, err := parse(strings.TrimSuffix(entry.Name(), ".policy"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%w", entry.Name(), err)
		}
		sheets = append(sheets, s)
	}
	return sheets, nil
})

// policyID makes the unique id of an AWS managed policy: the prefix of policies' ids (IAM User Guide, "IAM identifiers") and
// 85 bits of the name's SHA-256 in base32.
func policyID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
