package main

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/policy"
)

const (
	maxGatewayFile = 1 << 20
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
		return "none: what is allowed of other services answers 501 and says why"
	}
	return text + "; what is allowed of other services answers 501 and says why"
}

// readGatewayFile reads a gateway file and the secrets that it names. Errors have the position in the file.
func readGatewayFile(path string, getenv func(string) string) (*gatewayFile, error) {
	file := newGatewayFile()
	c := yamlConfig{Code: "GatewayFile", Noun: "gateway file", Flag: "--gateway", Guide: "docs/gateway.md", Limit: maxGatewayFile}
	return file, c.read(path, func(document *yaml.Node) error {
		return fields(document, gatewayReader{fileReader{filepath.Dir(path), getenv}}.into(file))
	})
}

func newGatewayFile() *gatewayFile {
	return &gatewayFile{services: map[string]backendConfig{}, attributes: map[string]gateway.Resource{}}
}

// gatewayReader reads the nodes of a gateway file, or of the section of the same form in another file.
type gatewayReader struct{ fileReader }

// into reads members into file.
func (r gatewayReader) into(file *gatewayFile) func(name string, value *yaml.Node) error {
	return func(name string, value *yaml.Node) error { return r.member(file, name, value) }
}

// member reads one of the file's members.
func (r gatewayReader) member(file *gatewayFile, name string, value *yaml.Node) error {
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
func (r gatewayReader) backend(service string, n *yaml.Node) (backendConfig, error) {
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
