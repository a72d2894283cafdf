package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The pinned Go module. It is read as data, and is in no go.mod.
const (
	moduleName    = "github.com/aws/aws-sdk-go"
	moduleVersion = "v1.55.8"
	moduleSum     = "h1:JRmEUbU52aJQZ2AjX4q4Wu7t4uZjOu71uyNmaWlUkJQ="
)

// fetchModule returns the folder of the module, after its hash was found to be the pinned one.
func fetchModule(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", moduleName+"@"+moduleVersion)
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("fetching %s %s: %w", moduleName, moduleVersion, err)
	}
	var download struct{ Dir, Sum string }
	if err := json.Unmarshal(output, &download); err != nil {
		return "", fmt.Errorf("fetching %s %s: %w", moduleName, moduleVersion, err)
	}
	if download.Sum != moduleSum {
		return "", fmt.Errorf("the sum of %s %s is %s, not the pinned %s", moduleName, moduleVersion, download.Sum, moduleSum)
	}
	return download.Dir, nil
}

// The files of models/apis. Members without a use are here so that one that is new ends the run.
type (
	apiFile struct {
		Metadata   apiMetadata             `json:"metadata"`
		Operations map[string]apiOperation `json:"operations"`
		Shapes     map[string]apiShape     `json:"shapes"`

		Version             string          `json:"version"`
		Deprecated          bool            `json:"deprecated"`
		DeprecatedMessage   string          `json:"deprecatedMessage"`
		ClientContextParams json.RawMessage `json:"clientContextParams"`
	}
	apiMetadata struct {
		APIVersion         string          `json:"apiVersion"`
		AWSQueryCompatible json.RawMessage `json:"awsQueryCompatible"`
		EndpointPrefix     string          `json:"endpointPrefix"`
		JSONVersion        string          `json:"jsonVersion"`
		Protocol           string          `json:"protocol"`
		ServiceID          string          `json:"serviceId"`
		SigningName        string          `json:"signingName"`
		TargetPrefix       string          `json:"targetPrefix"`
		XMLNamespace       string          `json:"xmlNamespace"`

		Auth                json.RawMessage `json:"auth"`
		ChecksumFormat      string          `json:"checksumFormat"`
		GlobalEndpoint      string          `json:"globalEndpoint"`
		Protocols           []string        `json:"protocols"`
		ProtocolSettings    json.RawMessage `json:"protocolSettings"`
		RIPServiceName      string          `json:"ripServiceName"`
		ServiceAbbreviation string          `json:"serviceAbbreviation"`
		ServiceFullName     string          `json:"serviceFullName"`
		SignatureVersion    string          `json:"signatureVersion"`
		UID                 string          `json:"uid"`
	}
	apiOperation struct {
		Name string `json:"name"`
		HTTP struct {
			Method       string `json:"method"`
			RequestURI   string `json:"requestUri"`
			ResponseCode int    `json:"responseCode"`
		} `json:"http"`
		Input    *apiReference `json:"input"`
		Output   *apiReference `json:"output"`
		Endpoint struct {
			HostPrefix string `json:"hostPrefix"`
		} `json:"endpoint"`
		AuthType             string          `json:"authtype"`
		Auth                 []string        `json:"auth"`
		HTTPChecksumRequired bool            `json:"httpChecksumRequired"`
		HTTPChecksum         json.RawMessage `json:"httpChecksum"`
		RequestCompression   struct {
			Encodings []string `json:"encodings"`
		} `json:"requestcompression"`

		Alias               string          `json:"alias"`
		Deprecated          bool            `json:"deprecated"`
		DeprecatedMessage   string          `json:"deprecatedMessage"`
		DocumentationURL    string          `json:"documentationUrl"`
		EndpointDiscovery   json.RawMessage `json:"endpointdiscovery"`
		EndpointOperation   bool            `json:"endpointoperation"`
		Errors              json.RawMessage `json:"errors"`
		Idempotent          bool            `json:"idempotent"`
		StaticContextParams json.RawMessage `json:"staticContextParams"`
		UnsignedPayload     bool            `json:"unsignedPayload"`
	}
	apiShape struct {
		Type            string                  `json:"type"`
		Members         map[string]apiReference `json:"members"`
		Member          *apiReference           `json:"member"`
		Key             *apiReference           `json:"key"`
		Value           *apiReference           `json:"value"`
		Required        []string                `json:"required"`
		Flattened       bool                    `json:"flattened"`
		Union           bool                    `json:"union"`
		EventStream     bool                    `json:"eventstream"`
		Payload         string                  `json:"payload"`
		TimestampFormat string                  `json:"timestampFormat"`
		Document        bool                    `json:"document"`

		Box               bool            `json:"box"`
		Deprecated        bool            `json:"deprecated"`
		DeprecatedMessage string          `json:"deprecatedMessage"`
		Documentation     string          `json:"documentation"`
		Enum              json.RawMessage `json:"enum"`
		Error             json.RawMessage `json:"error"`
		Event             bool            `json:"event"`
		Exception         bool            `json:"exception"`
		Fault             bool            `json:"fault"`
		LocationName      string          `json:"locationName"` // of S3's and S3 Control's structures, whose uses name them too
		Max               json.RawMessage `json:"max"`
		Min               json.RawMessage `json:"min"`
		Pattern           string          `json:"pattern"`
		RequiresLength    bool            `json:"requiresLength"`
		Retryable         json.RawMessage `json:"retryable"`
		Sensitive         bool            `json:"sensitive"`
		Streaming         bool            `json:"streaming"`
		Synthetic         bool            `json:"synthetic"`
		Wrapper           bool            `json:"wrapper"`
		XMLNamespace      json.RawMessage `json:"xmlNamespace"`
		XMLOrder          json.RawMessage `json:"xmlOrder"`
	}
	apiReference struct {
		Shape            string `json:"shape"`
		Location         string `json:"location"`
		LocationName     string `json:"locationName"`
		QueryName        string `json:"queryName"`
		Flattened        bool   `json:"flattened"`
		HostLabel        bool   `json:"hostLabel"`
		IdempotencyToken bool   `json:"idempotencyToken"`
		JSONValue        bool   `json:"jsonvalue"`
		TimestampFormat  string `json:"timestampFormat"`
		XMLAttribute     bool   `json:"xmlAttribute"`
		XMLNamespace     struct {
			Prefix string `json:"prefix"`
			URI    string `json:"uri"`
		} `json:"xmlNamespace"`

		Box               bool            `json:"box"`
		ContextParam      json.RawMessage `json:"contextParam"`
		Deprecated        bool            `json:"deprecated"`
		DeprecatedMessage string          `json:"deprecatedMessage"`
		Documentation     string          `json:"documentation"`
		Enum              json.RawMessage `json:"enum"`
		EventPayload      bool            `json:"eventpayload"`
		ResultWrapper     string          `json:"resultWrapper"` // of answers in Query
		Pattern           string          `json:"pattern"`
		Streaming         bool            `json:"streaming"`
	}
)

// readModule reads the models of a folder of the module. Of a service with several API versions it would read all: there is none.
func readModule(folder string) ([]*model, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "models", "apis", "*", "*", "api-2.json"))
	if err != nil {
		return nil, err
	}
	var models []*model
	for _, path := range paths {
		name, err := filepath.Rel(filepath.Join(folder, "models", "apis"), path)
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if leftOut(filepath.ToSlash(filepath.Dir(name))) {
			continue
		}
		m, err := readAPI(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		models = append(models, m)
	}
	return models, nil
}

// leftOut names the models that the table does not keep.
func leftOut(folder string) bool {
	switch folder {
	case "s3/2006-03-01": // Amazon S3 is classified by hand, and its bodies are not read whole
		return true
	case "events/2015-10-07": // the same API as eventbridge/2015-10-07, by its older name
		return true
	}
	return false
}

// apiReader turns one file into a model.
type apiReader struct {
	file    apiFile
	letter  byte // of the protocol
	output  bool // what is read is of answers: EC2 spells members otherwise there
	shapes  map[string]*shape
	scalars scalars
}

func readAPI(content []byte) (*model, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	r := &apiReader{shapes: map[string]*shape{}, scalars: scalars{}}
	if err := decoder.Decode(&r.file); err != nil {
		return nil, err
	}
	d := r.file.Metadata
	protocols := map[string]byte{"query": 'q', "ec2": 'e', "json": 'j', "rest-json": 'r', "rest-xml": 'x'}
	r.letter = protocols[d.Protocol]
	if r.letter == 0 || len(d.Protocols) > 1 {
		return nil, fmt.Errorf("protocols %q, %q", d.Protocol, d.Protocols)
	}
	m := &model{
		id: d.ServiceID, signingName: d.SigningName, endpointPrefix: d.EndpointPrefix, apiVersion: d.APIVersion, targetPrefix: d.TargetPrefix,
		jsonVersion: d.JSONVersion, xmlNamespace: d.XMLNamespace, protocols: string(r.letter), queryCompatible: d.AWSQueryCompatible != nil,
	}
	if m.signingName == "" {
		m.signingName = d.EndpointPrefix
	}
	if r.letter != 'j' {
		m.targetPrefix = ""
	}
	for name, o := range r.file.Operations {
		read, err := r.operation(name, o, m)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", name, err)
		}
		m.operations = append(m.operations, read)
	}
	slices.SortFunc(m.operations, func(a, b *operation) int { return strings.Compare(a.name, b.name) })
	return m, nil
}
