package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
)

const (
	maxGatewayFile = 1 << 20
	maxSecretFile  = 4 << 10
	maxBodyLimit   = 256 << 20

	// everyOther is the name under which a gateway file has the backend of all services that it does not name.
	everyOther = "*"
)

// gatewayFile is what `irsa up --gateway FILE` reads (docs/gateway.md).
type gatewayFile struct {
	proxies    []netip.Prefix
	domains    []string
	services   map[string]backendConfig    // by signing name, or everyOther
	attributes map[string]gateway.Resource // by ARN
}

// backendConfig is one service of a gateway file.
type backendConfig struct {
	upstream gateway.UpstreamConfig // without a URL: no backend; without an account: the default one's
	maxBody  int64
	// acceptsUnenforced: policies of resources that decide nothing here reach the backend.
	acceptsUnenforced bool
}

// backends says to a person which services have one.
func (f *gatewayFile) backends() string {
	var names []string
	for name, service := range f.services {
		if name != everyOther && service.upstream.URL != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := strings.Join(names, ", ")
	switch _, others := f.services[everyOther]; {
	case others && text == "":
		return "every other service"
	case others:
		return text + " and every other service"
	case text == "":
		return "none: what is allowed of other services answers 501 and says why (--gateway)"
	}
	return text + "; what is allowed of other services answers 501 and says why"
}

// readGatewayFile reads a gateway file and the secrets that it names. Errors have the position in the file.
func readGatewayFile(path string, getenv func(string) string) (*gatewayFile, error) {
	content, err := readLimited(path, maxGatewayFile)
	if err != nil {
		return nil, failure("GatewayFile", fmt.Errorf("reading the gateway file: %w", err), "--gateway takes a YAML file; see docs/gateway.md")
	}
	r := &gatewayReader{folder: filepath.Dir(path), getenv: getenv}
	file, err := r.read(content)
	if err != nil {
		told := &commandError{Code: "GatewayFile", Err: err, File: path, Line: 1, Column: 1, Hint: "docs/gateway.md has the form of the file"}
		if complaint := (*positioned)(nil); errors.As(err, &complaint) {
			told.Err, told.Line, told.Column = complaint.err, complaint.line, complaint.column
		}
		return nil, told
	}
	return file, nil
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return content, err
}

// positioned is an error at a place of the file.
type positioned struct {
	line, column int
	err          error
}

func (e *positioned) Error() string { return fmt.Sprintf("%d:%d: %v", e.line, e.column, e.err) }

func at(n *yaml.Node, format string, arguments ...any) error {
	return &positioned{n.Line, n.Column, fmt.Errorf(format, arguments...)}
}

// gatewayReader reads the nodes of one file.
type gatewayReader struct {
	folder string
	getenv func(string) string
}

func (r *gatewayReader) read(content []byte) (*gatewayFile, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return &gatewayFile{}, nil
	} else if err != nil {
		return nil, yamlError(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, at(&document, "the file holds more than one document")
	}
	file := &gatewayFile{services: map[string]backendConfig{}, attributes: map[string]gateway.Resource{}}
	return file, fields(document.Content[0], func(name string, value *yaml.Node) error { return r.member(file, name, value) })
}

// member reads one of the file's members.
func (r *gatewayReader) member(file *gatewayFile, name string, value *yaml.Node) error {
	switch name {
	case "trustedProxies":
		return texts(value, func(n *yaml.Node, text string) error {
			prefix, err := netip.ParsePrefix(text)
			if err != nil {
				return at(n, "%q is not a CIDR (10.0.0.0/8)", text)
			}
			file.proxies = append(file.proxies, prefix.Masked())
			return nil
		})
	case "s3Domains":
		return texts(value, func(n *yaml.Node, text string) error {
			if text == "" || strings.ToLower(text) != text || strings.ContainsAny(text, ":/ ") || strings.HasPrefix(text, ".") {
				return at(n, "%q is not a host name in lower case", text)
			}
			file.domains = append(file.domains, text)
			return nil
		})
	case "services":
		return fields(value, func(service string, value *yaml.Node) (err error) {
			file.services[service], err = r.backend(service, value)
			return err
		})
	case "attributes":
		return fields(value, func(arn string, value *yaml.Node) (err error) {
			if !strings.HasPrefix(arn, "arn:") {
				return at(value, "%q is not an ARN", arn)
			}
			file.attributes[arn], err = resource(value)
			return err
		})
	}
	return errUnknownField
}

// resource reads what is known of one: {tags: {KEY: VALUE}, keys: {CONDITION KEY: VALUE or [VALUE, …]}}.
func resource(n *yaml.Node) (gateway.Resource, error) {
	known := gateway.Resource{Tags: map[string]string{}, Keys: map[string][]string{}}
	err := fields(n, func(name string, value *yaml.Node) error {
		switch name {
		case "tags":
			return fields(value, func(key string, value *yaml.Node) (err error) {
				known.Tags[key], err = text(value)
				return err
			})
		case "keys":
			return fields(value, func(key string, value *yaml.Node) error {
				add := func(_ *yaml.Node, text string) error {
					known.Keys[key] = append(known.Keys[key], text)
					return nil
				}
				if value.Kind == yaml.SequenceNode {
					return texts(value, add)
				}
				single, err := text(value)
				if err != nil {
					return err
				}
				return add(value, single)
			})
		}
		return errUnknownField
	})
	return known, err
}

// backend reads one service.
func (r *gatewayReader) backend(service string, n *yaml.Node) (backendConfig, error) {
	b := backendConfig{}
	if service == "" || service != everyOther && strings.Trim(service, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return b, at(n, "%q is not a service's signing name (ec2, elasticloadbalancing), nor %q", service, everyOther)
	}
	switch service {
	case "sts", "iam", "eks", "cloudtrail", "openirsa":
		return b, at(n, "%s is the plane's own", service)
	}
	err := fields(n, func(name string, value *yaml.Node) (err error) {
		if name == "credentials" {
			b.upstream.Credentials, err = r.credentials(value)
			return err
		}
		return b.read(name, value)
	})
	if err == nil && b.upstream.URL == "" && b.maxBody == 0 {
		err = at(n, "a service needs a url")
	}
	return b, err
}

// read reads one of a service's texts.
func (b *backendConfig) read(name string, value *yaml.Node) error {
	given, err := text(value)
	if err != nil {
		return err
	}
	switch name {
	case "url":
		b.upstream.URL = given
		if _, err := gateway.NewUpstream(b.upstream); err != nil {
			return at(value, "%w", err)
		}
	case "region":
		b.upstream.Region = given
	case "account":
		if b.upstream.Account = given; !policy.IsAccountID(given) {
			return at(value, "%q is not an account id: 12 digits, in quotation marks", given)
		}
	case "timeout":
		b.upstream.Silence, err = time.ParseDuration(given)
		if err != nil || b.upstream.Silence <= 0 {
			return at(value, "%q is not a time (30s)", given)
		}
	case "bodyLimit":
		b.maxBody, err = byteCount(given)
		if err != nil || b.maxBody <= 0 || b.maxBody > maxBodyLimit {
			return at(value, "%q is not a size of at most 256MiB (4MiB)", given)
		}
	case "unenforcedPolicies":
		if b.acceptsUnenforced = given == "accept"; !b.acceptsUnenforced {
			return at(value, "%q is not accept; without this field they are refused", given)
		}
	default:
		return errUnknownField
	}
	return nil
}

// credentials are a key id and a secret, each given by where it is: the secret never stands in the file itself.
func (r *gatewayReader) credentials(n *yaml.Node) (sigv4.Credentials, error) {
	var c sigv4.Credentials
	err := fields(n, func(name string, value *yaml.Node) error {
		given, err := text(value)
		if err != nil {
			return err
		}
		target := &c.SecretAccessKey
		if strings.HasPrefix(name, "accessKeyId") {
			target = &c.AccessKeyID
		}
		if *target != "" {
			return at(value, "%s gives again what is given already", name)
		}
		switch name {
		case "accessKeyId":
			*target = given
		case "accessKeyIdEnv", "secretAccessKeyEnv":
			*target = r.getenv(given)
		case "accessKeyIdFile", "secretAccessKeyFile":
			if !filepath.IsAbs(given) {
				given = filepath.Join(r.folder, given)
			}
			content, err := readLimited(given, maxSecretFile)
			if err != nil {
				return at(value, "reading %s: %w", name, err)
			}
			*target = strings.TrimSpace(string(content))
		default:
			return errUnknownField
		}
		if *target == "" {
			return at(value, "%s is empty", name)
		}
		return nil
	})
	if err == nil && (c.AccessKeyID == "" || c.SecretAccessKey == "") {
		err = at(n, "credentials need accessKeyId and secretAccessKeyFile (or …Env)")
	}
	return c, err
}

var errUnknownField = errors.New("unknown field")

// fields goes through a mapping. A name that read does not know, or that is there twice, is an error.
func fields(n *yaml.Node, read func(name string, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "a mapping is expected")
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name, err := text(key)
		if err != nil {
			return err
		}
		if slices.Contains(seen, name) {
			return at(key, "%q is there twice", name)
		}
		seen = append(seen, name)
		if err := read(name, value); errors.Is(err, errUnknownField) {
			return at(key, "unknown field %q", name)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// texts goes through a sequence of texts.
func texts(n *yaml.Node, read func(n *yaml.Node, text string) error) error {
	if n.Kind != yaml.SequenceNode {
		return at(n, "a list is expected")
	}
	for _, element := range n.Content {
		given, err := text(element)
		if err != nil {
			return err
		}
		if err := read(element, given); err != nil {
			return err
		}
	}
	return nil
}

// text is a scalar as it stands. Anchors, aliases and tags have no use here.
func text(n *yaml.Node) (string, error) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return "", at(n, "anchors and aliases are not accepted")
	case n.Kind != yaml.ScalarNode || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!null":
		return "", at(n, "a text is expected")
	}
	return n.Value, nil
}

// byteCount reads a size: bytes, or with KiB or MiB.
func byteCount(text string) (int64, error) {
	factor := int64(1)
	for unit, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text, factor = number, size
		}
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return n * factor, err
}

// yamlError finds the line in an error of the YAML library's, which has it in its text alone.
func yamlError(err error) error {
	rest, found := strings.CutPrefix(err.Error(), "yaml: line ")
	number, message, _ := strings.Cut(rest, ": ")
	if line, failed := strconv.Atoi(number); found && failed == nil {
		return &positioned{line, 1, errors.New(message)}
	}
	return &positioned{1, 1, errors.New(cmp.Or(strings.TrimPrefix(err.Error(), "yaml: "), "not YAML"))}
}
