package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestRegionOfHost has names from AWS's table of STS endpoints.
func TestRegionOfHost(t *testing.T) {
	for host, want := range map[string]string{
		"sts.amazonaws.com": "us-east-1", "sts.amazonaws.com:443": "us-east-1", "STS.EU-West-1.amazonaws.com": "eu-west-1", "sts.eu-west-1.amazonaws.com.": "eu-west-1",
		"sts-fips.us-west-2.amazonaws.com": "us-west-2", "sts.cn-north-1.amazonaws.com.cn": "cn-north-1", "sts.us-gov-west-1.amazonaws.com": "us-gov-west-1",
		"sts.eusc-de-east-1.amazonaws.eu": "eusc-de-east-1", "sts.us-iso-east-1.c2s.ic.gov": "us-iso-east-1", "sts.eu-west-1.api.aws": "eu-west-1",
		"127.0.0.1:4566": "", "localhost": "", "": "", "[::1]:4566": "", "sts.cn-north-1.amazonaws.com": "", "sts.eu-west-1.amazonaws.com.cn": "", "sts.eu-west-1.evil.com": "",
		"iam.amazonaws.com": "", "s3.eu-west-1.amazonaws.com": "", "sts.local.amazonaws.com": "", "sts.amazonaws.com.evil.com": "", "sts.eu-west-1": "", "sts..amazonaws.com": "",
	} {
		if region, ok := regionOfHost(host); region != want || ok != (want != "") {
			t.Errorf("%q is in %q, %v; want %q", host, region, ok, want)
		}
	}
}

// TestPartitionOfFolder: a folder keeps the partition of the region that it was created with.
func TestPartitionOfFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	open := func(region string) (*plane, error) {
		return openPlane(t.Context(), planeConfig{State: stateConfig{Folder: folder(dir)}, Region: region, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	}
	for _, step := range []struct{ asked, region, failure string }{
		{"cn-north-1", "cn-north-1", ""},
		{"", "cn-northwest-1", ""}, // botocore's implicit global region
		{"local", "local", ""},
		{"us-east-1", "", "region us-east-1 is in partition aws, but the data folder is of aws-cn"},
	} {
		p, err := open(step.asked)
		if step.failure != "" {
			if err == nil || !strings.Contains(err.Error(), step.failure) {
				t.Fatalf("%q: %v", step.asked, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", step.asked, err)
		}
		if p.region != step.region {
			t.Errorf("%q serves region %s", step.asked, p.region)
		}
		providers, err := p.directory.ListOpenIDConnectProviders(t.Context(), iam.Root("aws-cn", p.settings.Account))
		if err != nil || len(providers) != 1 || !strings.HasPrefix(providers[0], "arn:aws-cn:iam::000000000000:oidc-provider/") {
			t.Errorf("providers = %+v, %v", providers, err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFolderWithoutPartition: what was written before partitions were kept is of aws.
func TestFolderWithoutPartition(t *testing.T) {
	config := stateConfig{Folder: folder(filepath.Join(t.TempDir(), "data")), Region: "eu-west-1"}
	s, err := openState(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	record, err := s.store.Get(t.Context(), settingsKey)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(record.Value, &members); err != nil || members["partition"] != "aws" {
		t.Fatalf("settings = %s, %v", record.Value, err)
	}
	old := bytes.ReplaceAll(record.Value, []byte(`"partition":"aws",`), nil)
	if _, err := s.store.Apply(t.Context(), nil, []iam.Operation{{Key: settingsKey, Value: old}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = openState(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if s.settings.Partition != "aws" {
		t.Errorf("partition = %q", s.settings.Partition)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	config.Region = "us-gov-west-1"
	if _, err := openState(t.Context(), config); err == nil {
		t.Error("the folder opens as one of another partition")
	}
}
