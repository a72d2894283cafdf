package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

// overlay is a package whose schemas are newer than the module's model of a service, and take the place of its operations.
type overlay struct {
	id      string // of the service
	archive npmPackage
	added   *model // the rest of what the table says of a service that the module has no model of
}

// overlays: the services whose newest operations the plane's own users need, and those of cborServices that the registry has.
func overlays() []overlay {
	return []overlay{
		{"CloudWatch", npmPackage{"@aws-sdk/client-cloudwatch", "3.1164.0",
			"sha512-t/A5aVFXXRlfwuCVJZp/nYAL9vYLZgFzhg5/XySx1faxowwiIW9r67zSQ2kXaZU33+g5sfWNQmNJSSvUN4mAdA=="}, nil},
		{"ComprehendMedical", npmPackage{"@aws-sdk/client-comprehendmedical", "3.1169.0",
			"sha512-N3oGk5SNcliRonzQGcrJR97FiFRD4RJUTQl1/O0R8NTUPCimE3Unq3l1j3ia402rhli8Grnuw42X2+sygeGuYA=="}, nil},
		{"Compute Optimizer", npmPackage{"@aws-sdk/client-compute-optimizer", "3.1075.0",
			"sha512-g3SPy/qqmCAoff/Tjqi7z3ovL9Mw1mYI9f2EWTgecDbnMolPlRE1hLY0U/DrlnPjQzezr8Q+MUYNuikRmH2QEA=="}, nil},
		{"EKS", npmPackage{"@aws-sdk/client-eks", "3.1175.0",
			"sha512-WNP1WpshVzXvVPBF1C/SuDHyUJ/t8cjUctcVYzgzHnfTbqt+oxB9HMj+jz3HaFw/8F/pT8TF+Hg5BTvp3Xevfg=="}, nil},
		{"GameLift", npmPackage{"@aws-sdk/client-gamelift", "3.1133.0",
			"sha512-Asf2l+YrehOczVe/knUG//WiKm2NmHpO+J3lQPib6CdgY+sCfwoEbu1Ba8MDSfFlf6AXuxOTwtdxvDagC+PLyw=="}, nil},
		{"KMS", npmPackage{"@aws-sdk/client-kms", "3.1164.0",
			"sha512-NNkfK3LPd9KeL5leHFq7pGCt1x2wziz9iGs8fSy5eA/jsgFFHADJJitRoLChtOwZFx7hpjxZNTqtn4YO9LIFyQ=="}, nil},
		{"Marketplace Entitlement Service", npmPackage{"@aws-sdk/client-marketplace-entitlement-service", "3.1138.0",
			"sha512-OEI/gACYtp58G0ui0F5CgJWhfLcBQgA+WnwMT+BnBrZVVDnm3TpZ019IiFhtifIdnwB/MqV8X2H4YXb2iO0vGA=="}, nil},
		{"Secrets Manager", npmPackage{"@aws-sdk/client-secrets-manager", "3.1164.0",
			"sha512-c1FFvJdhZLVLznVccXQ0/YVDQIjF0azsqiQz8XhZ2FDW/vfPr/UnLjMY34ZUVABPbk7HD8N+7GRVhhJ7ddVCAg=="}, nil},
		{"Bedrock Runtime", npmPackage{"@aws-sdk/client-bedrock-runtime", "3.1164.0",
			"sha512-yQDXRDOK5RiyucumWsdiz5d69+Winj/7B0bLr8vAHK04XtCY3aVPY3aJHFBnzPyZXbXaq0RsQgbcsaYgaZL4gA=="}, nil},
		{"Bedrock Agent Runtime", npmPackage{"@aws-sdk/client-bedrock-agent-runtime", "3.1164.0",
			"sha512-nU66wmIWCgUwTtRUwshLtos8tZ00XicPzK5lQyNfqUJIFACdLkIwOLcl80upx7pW4vJo7xPSZHU2cdy9wYMKzA=="}, nil},
		{"Bedrock Agent", npmPackage{"@aws-sdk/client-bedrock-agent", "3.1138.0",
			"sha512-3jvArw0ITK2tWWreLE/ZJly1HxoGoWnIb23rdJSRPY1ZH1zqZAv1W6Mv2ITzYZsQdk+M4i02WWjNXXCtIWa/jw=="}, nil},
		{"kendra", npmPackage{"@aws-sdk/client-kendra", "3.1142.0",
			"sha512-Q4smPiSOfzVX+3m4A7U4bg/CSAofr+KFVIEBimoK+rXuFcYyoiKso6NNLJaqNn83vE6FmBG97TNb9J8MnDYG2g=="}, nil},
		{"SSO Admin", npmPackage{"@aws-sdk/client-sso-admin", "3.1138.0",
			"sha512-EOdl9QxFM3PtoBI5duS61NOVCsXJDVstBYw6MTkvC2UtN0/NnVwAouv8Qn32NYgGA/sweom9lsUhnKSmLRGQvw=="}, nil},
		{"ECS", npmPackage{"@aws-sdk/client-ecs", "3.1164.0",
			"sha512-12Zopn23X3GTDBOU0Nm7L1do9+jc7fCVvgrxk/sYDf5aETjAIqYSHpDWh+mgpkKYO/DUdv3IOXw6cDLbo/vvOQ=="}, nil},
		{"OpenSearchServerless", npmPackage{"@aws-sdk/client-opensearchserverless", "3.1138.0",
			"sha512-iO1htNx4vYy3NJ3C1hpw0QaDV8PBZtXdN9uxRyc5ktMPFDAFeLvUHvmRMT+wZnLWkhFwXgBVhBA0204Vibaatg=="}, nil},
		{"DynamoDB", npmPackage{"@aws-sdk/client-dynamodb", "3.1169.0",
			"sha512-FqvqV/l5gJCluCLxE37sNxd9UFunnZFwc/yQCizLYN368rlbFbcJ3SiHqYvJEmZZFFV3sWs9kyn3D3HiGxjumA=="}, nil},
		{"Lambda", npmPackage{"@aws-sdk/client-lambda", "3.1164.0",
			"sha512-7R2QRIcbfXXKYc/BmSJLJk1BwANjJmewpnh9XF9U+r016SBFZTLQI9MezYtQDqb2P8KhzPtrwKp8uVTMUje1yg=="}, nil},
		{"ECR", npmPackage{"@aws-sdk/client-ecr", "3.1169.0",
			"sha512-vg+D2RuA/99SZLibp86LGRVhqKZ1J81hTNf+Btn0qM3YT457HLtKCUZKOYbBUw0cK4+s6N5kjOW2PgTj0cOHGA=="}, nil},
		{"SSM", npmPackage{"@aws-sdk/client-ssm", "3.1169.0",
			"sha512-EAqUE22l8bOeCPMNxnahMhKrWW2n7siZjVL1rNWWaD9prTTwDbMf2xeaAOqVx5lLOz+3sSuicM6OMY5yYTR1Eg=="}, nil},
		{"SFN", npmPackage{"@aws-sdk/client-sfn", "3.1164.0",
			"sha512-1j04Za6qEZVahOdy/1Ea1uGSe8gJ2nrx5Co/EoNcE0h2xAjO/kgVC+TpVXinnB/rfBdjPCfSREA/Fp/mGADWyg=="}, nil},
		{"CloudWatch Logs", npmPackage{"@aws-sdk/client-cloudwatch-logs", "3.1169.0",
			"sha512-B8YtsCM784sEVAoys9u7mBB61rWkSSQTwEbyUWU/v1BLL0U/oKaD/vBprPWwki3CwMl0rxHLJi+lmeHx/lnYGg=="}, nil},
		{"EventBridge", npmPackage{"@aws-sdk/client-eventbridge", "3.1169.0",
			"sha512-o1oLTx+5anyiFTmrHd7O2/CvJBAjGawq1/NFXiWw425+afCHnbsKVeM+qxQgqXInLstVsxazWSKCgqdFK1ajSQ=="}, nil},
		{"Kinesis", npmPackage{"@aws-sdk/client-kinesis", "3.1143.0",
			"sha512-e8zVfHPxT7CJPUwhlsSegixdyZK/dctjXXYv9XQ+YNZIvEkehgLebza7ybgfyDKyiE7IhP1SS6rJl/yf3A/CHw=="}, nil},
		{"EFS", npmPackage{"@aws-sdk/client-efs", "3.1141.0",
			"sha512-nmHWGKDkb5+F+2tsO43tAIo3r11o6FXx6s9s5pNcRgVQc6LzROFIqWs37GabHeVOAC1N5L4MKXoirjjrhEHCsA=="}, nil},
		{"ACM", npmPackage{"@aws-sdk/client-acm", "3.1169.0",
			"sha512-ExlAgDdjxzvAsGFaDVF6IC65TLuqC3bieBHTNTyzQMz5r/jZIv/9WY1mBJV5+6wnjO9NHLEiWJ1jbZ4iYtLSbg=="}, nil},
		{"SQS", npmPackage{"@aws-sdk/client-sqs", "3.1175.0",
			"sha512-Yh5+5HcVlN5ae2UkTdru5T4ObdiFHP3qwg6s2F3ZP/vW5MxtCHP1BWQH8wPZeKTCgi9XmUtBo25HjhPqnkdylw=="}, nil},
		{"EC2", npmPackage{"@aws-sdk/client-ec2", "3.1169.0",
			"sha512-VSDBP4gdjVvl8aF12BghHPCeCQP+QHEZ02/qm+1APW6eu1JnMqU2iUyKh4KuAMV0495kGJTARW3rN+4dVPlgUQ=="}, nil},
		{"Elastic Load Balancing v2", npmPackage{"@aws-sdk/client-elastic-load-balancing-v2", "3.1142.0",
			"sha512-LK0pCZQ8L1cf17sU+761m9d1hFTN0nMjlOpsoEKiUDB2azXzOPbnN0mIXFDNNQkPnCXzTvQ0YgYA5BjZWzu5HQ=="}, nil},
		{"Auto Scaling", npmPackage{"@aws-sdk/client-auto-scaling", "3.1169.0",
			"sha512-BYbHqtCBMrBumBGDbjJm4bd2nHbRh/4hyirS4nih7bbtTpPSZCuAjv8blRrQk2mVF0/jfm+Pq/r4KuTeE/Y6+w=="}, nil},
		{"S3Files", npmPackage{"@aws-sdk/client-s3files", "3.1053.0",
			"sha512-JkHkurzVdwHkLaptc523oX+PemxH0ylQeiWwCCSi/mdK1ybu2tN0/kw4MHE3UCXa0PsPRDBPzU93jeDLovGY+w=="},
			&model{id: "S3Files", signingName: "s3files", endpointPrefix: "s3files", apiVersion: "2025-05-05", protocols: "r"}},
	}
}

// moreProtocols are what services speak beside the protocol of the module's model, which is older: the newest SDKs for Go, Python and Java call
// these in Smithy RPC v2 CBOR, those for JavaScript in JSON. The letters are awsmodel's.
func moreProtocols(id string) string {
	switch id {
	case "CloudWatch":
		return "cj" // beside Query
	case "ComprehendMedical", "Compute Optimizer", "GameLift", "Marketplace Entitlement Service", "Snowball":
		return "c"
	}
	return ""
}

// runModels makes the table of the services' models.
func runModels(ctx context.Context, output string, check bool, narration io.Writer) error {
	folder, err := fetchModule(ctx)
	if err != nil {
		return err
	}
	models, err := readModule(folder)
	if err != nil {
		return fmt.Errorf("reading %s: %w", moduleName, err)
	}
	source := moduleName + " " + moduleVersion
	for _, o := range overlays() {
		if o.added != nil {
			models = append(models, o.added)
		}
		if err := o.apply(ctx, models); err != nil {
			return fmt.Errorf("reading %s: %w", o.archive, err)
		}
		source += ", " + o.archive.String()
	}
	for _, m := range models {
		m.protocols += moreProtocols(m.id)
	}
	return writeModels(source, models, output, check, narration)
}

func writeModels(source string, models []*model, output string, check bool, narration io.Writer) error {
	made, err := encodeModels(source, models)
	if err != nil {
		return fmt.Errorf("encoding the models: %w", err)
	}
	read, err := awsmodel.ParseModels(made)
	if err != nil {
		return fmt.Errorf("reading the models back: %w", err)
	}
	if err := verifyModels(read, models); err != nil {
		return fmt.Errorf("reading the models back: %w", err)
	}
	operations := 0
	for _, m := range models {
		operations += len(m.operations)
	}
	fmt.Fprintf(narration, "%d services, %d operations, %d bytes\n", len(models), operations, len(made))
	return finish(output, made, check)
}

// apply puts the operations of a package in the place of those that its service's model has.
func (o overlay) apply(ctx context.Context, models []*model) error {
	content, err := o.archive.fetch(ctx, "")
	if err != nil {
		return err
	}
	files, err := unpack(content)
	if err != nil {
		return err
	}
	const path = "dist-es/schemas/schemas_0.js"
	i := slices.IndexFunc(models, func(m *model) bool { return m.id == o.id })
	if i < 0 {
		return fmt.Errorf("no service is %s", o.id)
	}
	m := models[i]
	operations, err := readSchemas(string(files[path]), m.protocols)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if target := setting(files, "serviceTarget"); m.targetPrefix == "" && moreProtocols(m.id) != "" {
		m.targetPrefix, m.jsonVersion = target, "1.0" // CloudWatch's: AwsJson1_0Protocol
	} else if m.targetPrefix != "" && m.targetPrefix != target {
		return fmt.Errorf("the service's target is %s, the module's %s", target, m.targetPrefix)
	}
	m.queryCompatible = m.queryCompatible || setting(files, "awsQueryCompatible") == "true"
	m.replace(operations)
	return nil
}

// setting finds a protocol setting in a package's configuration.
func setting(files map[string][]byte, name string) string {
	_, after, found := strings.Cut(string(files["dist-es/runtimeConfig.shared.js"]), " "+name+": ")
	value, _, ended := strings.Cut(after, ",")
	if !found || !ended {
		return ""
	}
	return strings.Trim(value, `"`)
}

// replace takes the newer operations. What only the older model says of an operation, and what it says more exactly, stays: the schemas have one
// type for all numbers, no host prefixes, and no compression.
func (m *model) replace(operations []*operation) {
	older := map[string]*operation{}
	for _, o := range m.operations {
		older[o.name] = o
	}
	for _, o := range operations {
		if before, known := older[o.name]; known {
			o.gzipBody, o.checksum, o.unsigned, o.root = before.gzipBody, before.checksum, before.unsigned, before.root
			if o.host == "" {
				o.host = before.host
			}
			o.input.refine(before.input, map[*shape]bool{})
		}
	}
	m.operations = operations
}

// refine takes the kinds of numbers, and the names and flattening of Query, from an older form of a shape.
func (s *shape) refine(older *shape, seen map[*shape]bool) {
	if seen[s] || s.kind != older.kind || isScalar(s) {
		return
	}
	seen[s] = true
	s.flattened = older.flattened
	for i := range s.members {
		m := &s.members[i]
		j := slices.IndexFunc(older.members, func(o member) bool { return o.name == m.name })
		if m.name == "" {
			j = i
		}
		if j < 0 || j >= len(older.members) {
			continue
		}
		before := older.members[j]
		if m.shape.kind == 'n' && strings.ContainsRune("ilfd", rune(before.shape.kind)) {
			m.shape = before.shape
		}
		if m.name == "" {
			m.wire = before.wire
		}
		m.shape.refine(before.shape, seen)
	}
}

// verifyModels finds in a table that was read back what it was made of.
func verifyModels(read *awsmodel.Models, models []*model) error {
	if err := read.Check(); err != nil {
		return err
	}
	services := read.Services()
	if len(services) != len(models) {
		return fmt.Errorf("%d services, not %d", len(services), len(models))
	}
	for i, m := range models {
		s := services[i]
		if s.ID != m.id || s.SigningName != m.signingName || len(s.Operations()) != len(m.operations) || len(s.Protocols) != len(m.protocols) {
			return fmt.Errorf("%s is read as %s with %d operations", m.id, s.ID, len(s.Operations()))
		}
		for j, o := range m.operations {
			r := s.Operations()[j]
			if r.Name != o.name || r.Method != o.method || r.URI != o.uri || r.Host != o.host || !same(o.input, r.Input, 5) {
				return fmt.Errorf("%s %s is read as %s %s %s", m.id, o.name, r.Name, r.Method, r.URI)
			}
		}
	}
	return nil
}

// same tells whether a shape was read as it was written, to a depth: shapes may contain themselves.
func same(wrote *shape, read *awsmodel.Shape, depth int) bool {
	if depth == 0 || isScalar(wrote) {
		return true
	}
	if wrote.kind == 'S' || wrote.kind == 'U' {
		return wrote.payload == read.Payload && slices.EqualFunc(wrote.members, read.Members, func(w member, r awsmodel.Member) bool {
			return w.name == r.Name && w.wire == r.Wire && strings.Contains(w.flags, "!") == r.Required && same(w.shape, r.Shape, depth-1)
		})
	}
	last := wrote.members[len(wrote.members)-1]
	return wrote.flattened == read.Flattened && last.wire == read.Element.Wire && same(last.shape, read.Element.Shape, depth-1)
}
