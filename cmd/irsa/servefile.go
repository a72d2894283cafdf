package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
)

// serveFile is what `irsa serve --config FILE` reads (docs/serve.md).
type serveFile struct {
	listen, ops string
	data        folder
	masterKey   string // file; "": in the data folder
	account     string
	region      string
	tls         tlsSection
	root        sigv4.Credentials // none where the account is there already
	allow       []string          // issuers' hosts and networks
	maxStale    time.Duration
	trail       trailSection
	level       slog.Level
	delay       time.Duration // of the drain
	timeout     time.Duration
	gateway     *gatewayFile
	webhook     *webhookOptions // nil: none in this process
}

// tlsSection says what the AWS port shows: a pair of files, a certificate of an authority of the plane's own, or nothing.
type tlsSection struct {
	certificate, key  string   // files
	names             []string // DNS names and IP addresses, of an own certificate
	lifetime          time.Duration
	authorityLifetime time.Duration
	plaintext         string     // plaintextLoopback, plaintextBehindProxy
	node              *yaml.Node // of own
}

const (
	plaintextLoopback    = "loopback"
	plaintextBehindProxy = "behind-proxy"
)

// trailSection is trail.Config as a file says it; zero: the trail's own defaults.
type trailSection struct {
	sync, drop     bool
	fileSize       int64
	files, pending int
}

// What a file that does not say so means.
const (
	defaultServeListen       = ":8443"
	defaultServeOps          = ":8080"
	defaultLifetime          = 90 * 24 * time.Hour
	defaultAuthorityLifetime = 10 * 365 * 24 * time.Hour
	defaultDelay             = 5 * time.Second
	maxServeFile             = maxGatewayFile
)

// readServeFile reads a configuration and the secrets that it names. Errors have the position in the file.
func readServeFile(path string, getenv func(string) string) (*serveFile, error) {
	file := newServeFile()
	c := yamlConfig{Code: "Configuration", Noun: "configuration", Flag: "--config", Guide: "docs/serve.md", Limit: maxServeFile}
	r := serveReader{fileReader{filepath.Dir(path), getenv}}
	err := c.read(path, func(document *yaml.Node) error { return r.document(file, document) })
	if err == nil && file.data == "" { // an empty file is no document at all
		err = failure(c.Code, fmt.Errorf("the configuration %s is empty", path), "docs/serve.md has the form of the file")
	}
	return file, err
}

func newServeFile() *serveFile {
	return &serveFile{
		listen: defaultServeListen, ops: defaultServeOps, maxStale: 24 * time.Hour, delay: defaultDelay, timeout: drainTime,
		tls: tlsSection{lifetime: defaultLifetime, authorityLifetime: defaultAuthorityLifetime}, gateway: newGatewayFile(),
	}
}

// serveReader reads the nodes of a configuration.
type serveReader struct{ fileReader }

// document reads all members and then what they are to each other.
func (r serveReader) document(file *serveFile, document *yaml.Node) error {
	places := map[string]*yaml.Node{}
	err := fields(document, func(name string, value *yaml.Node) error {
		places[name] = value
		return r.member(file, name, value)
	})
	switch {
	case err != nil:
		return err
	case file.data == "":
		return at(document, "data is missing: the folder that keeps all state")
	case places["tls"] == nil:
		return at(document, "tls is missing: own, certificateFile and keyFile, or plaintext")
	case places["root"] != nil && file.account == "":
		return at(places["root"], "a root key is of an account, and account is missing")
	}
	if err := file.checkTLS(places["tls"]); err != nil {
		return err
	}
	if root := places["root"]; root != nil {
		key := iam.AccessKey{ID: file.root.AccessKeyID, Secret: file.root.SecretAccessKey}
		if err := iam.CheckRootKey(file.account, key); err != nil {
			return at(root, "%w (irsa root new --account %s makes one)", err, file.account)
		}
	}
	return nil
}

func (r serveReader) member(file *serveFile, name string, value *yaml.Node) (err error) {
	switch name {
	case "tls":
		return fields(value, func(name string, value *yaml.Node) error { return r.tls(&file.tls, name, value) })
	case "root":
		file.root, err = r.credentials(value)
		return err
	case "issuers":
		return fields(value, func(name string, value *yaml.Node) error { return file.issuers(name, value) })
	case "trail":
		return fields(value, file.trail.read)
	case "logging":
		return fields(value, file.logging)
	case "drain":
		return fields(value, file.drain)
	case "webhook":
		if err := fields(value, file.webhookSection); err != nil {
			return err
		}
		if file.webhook == nil {
			return at(value, "flags is missing: those of irsa webhook")
		}
		return nil
	case "gateway":
		return fields(value, gatewayReader(r).into(file.gateway))
	}
	read, known := r.scalars(file)[name]
	if !known {
		return errUnknownField
	}
	given, err := text(value)
	if err != nil {
		return err
	}
	return read(value, given)
}

// scalars are the members that are a text.
func (r serveReader) scalars(file *serveFile) map[string]func(n *yaml.Node, given string) error {
	return map[string]func(n *yaml.Node, given string) error{
		"listen": func(n *yaml.Node, given string) error { file.listen = given; return address(n, given) },
		"ops":    func(n *yaml.Node, given string) error { file.ops = given; return address(n, given) },
		"data":   func(n *yaml.Node, given string) error { file.data = folder(r.path(given)); return nonempty(n, given) },
		"masterKeyFile": func(n *yaml.Node, given string) error {
			file.masterKey = r.path(given)
			return nonempty(n, given)
		},
		"account": func(n *yaml.Node, given string) error {
			if file.account = given; !policy.IsAccountID(given) {
				return at(n, "%q is not an account id: 12 digits, in quotation marks", given)
			}
			return nil
		},
		"region": func(n *yaml.Node, given string) error {
			if file.region = given; !labelPattern.MatchString(given) {
				return at(n, "%q is not a region (eu-central-1)", given)
			}
			return nil
		},
	}
}

// address is HOST:PORT, where HOST may be empty.
func address(n *yaml.Node, given string) error {
	if _, _, err := net.SplitHostPort(given); err != nil {
		return at(n, "%q is not HOST:PORT (0.0.0.0:8443)", given)
	}
	return nil
}

func nonempty(n *yaml.Node, given string) error {
	if given == "" {
		return at(n, "a path is expected")
	}
	return nil
}

// tls reads one of the section's members.
func (r serveReader) tls(s *tlsSection, name string, value *yaml.Node) error {
	if name == "own" {
		s.node = value
		return fields(value, s.own)
	}
	given, err := text(value)
	if err != nil {
		return err
	}
	switch name {
	case "certificateFile":
		s.certificate, err = r.path(given), nonempty(value, given)
	case "keyFile":
		s.key, err = r.path(given), nonempty(value, given)
	case "plaintext":
		if s.plaintext = given; given != plaintextLoopback && given != plaintextBehindProxy {
			return at(value, "%q is neither %s nor %s", given, plaintextLoopback, plaintextBehindProxy)
		}
	default:
		return errUnknownField
	}
	return err
}

// own reads one of the members of a certificate of the plane's own.
func (s *tlsSection) own(name string, value *yaml.Node) (err error) {
	switch name {
	case "names":
		return texts(value, func(n *yaml.Node, given string) error {
			if _, err := netip.ParseAddr(given); err != nil && !isDNSName(given) {
				return at(n, "%q is neither a DNS name nor an IP address", given)
			}
			s.names = append(s.names, given)
			return nil
		})
	case "lifetime":
		s.lifetime, err = duration(value, time.Minute)
	case "authorityLifetime":
		s.authorityLifetime, err = duration(value, time.Minute)
	default:
		return errUnknownField
	}
	return err
}

// isDNSName tells a host name, perhaps with a wildcard as its first label (RFC 9525 section 6.3).
func isDNSName(name string) bool {
	name = strings.TrimPrefix(name, "*.")
	return len(name) <= 253 && subdomainPattern.MatchString(strings.ToLower(name))
}

// checkTLS demands exactly one way, whole, and that nobody serves in clear by oversight.
func (f *serveFile) checkTLS(n *yaml.Node) error {
	s := f.tls
	files, own := s.certificate != "" || s.key != "", s.node != nil
	switch ways := count(files, own, s.plaintext != ""); {
	case ways != 1:
		return at(n, "tls takes exactly one of own, certificateFile with keyFile, and plaintext")
	case files && (s.certificate == "" || s.key == ""):
		return at(n, "certificateFile and keyFile come together")
	case own && len(s.names) == 0:
		return at(s.node, "names are missing: the DNS names and IP addresses that clients call the plane by")
	case own && s.authorityLifetime < s.lifetime:
		return at(s.node, "the authority's lifetime is below that of its certificates")
	case s.plaintext == plaintextLoopback && !isLoopback(f.listen):
		return at(n, "plaintext: loopback, but listen is %s; behind a proxy that speaks TLS say plaintext: %s", f.listen, plaintextBehindProxy)
	}
	return nil
}

func count(values ...bool) (n int) {
	for _, value := range values {
		if value {
			n++
		}
	}
	return n
}

// isLoopback tells an address that no other machine reaches.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, ipErr := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || ipErr == nil && ip.IsLoopback())
}

// issuers reads whose keys may be fetched.
func (f *serveFile) issuers(name string, value *yaml.Node) (err error) {
	switch name {
	case "allow":
		return texts(value, func(n *yaml.Node, given string) error {
			verifier, err := oidc.NewVerifier(oidc.VerifierConfig{AllowIssuers: []string{given}})
			if err != nil {
				return at(n, "%w", err)
			}
			f.allow = append(f.allow, given)
			return verifier.Close()
		})
	case "maxStale":
		f.maxStale, err = duration(value, 0)
	default:
		return errUnknownField
	}
	return err
}

// read reads one of the trail's members.
func (s *trailSection) read(name string, value *yaml.Node) (err error) {
	given, err := text(value)
	if err != nil {
		return err
	}
	switch name {
	case "sync":
		s.sync, err = boolean(value)
	case "fileSize":
		if s.fileSize, err = byteCount(given); err != nil || s.fileSize < 1<<20 {
			return at(value, "%q is not a size of at least 1MiB (64MiB)", given)
		}
	case "files":
		s.files, err = number(value, 2, 1<<20)
	case "queue":
		s.pending, err = number(value, 1, 1<<20)
	case "whenFull":
		if s.drop = given == "drop"; !s.drop && given != "block" {
			return at(value, "%q is neither block nor drop", given)
		}
	default:
		return errUnknownField
	}
	return err
}

// webhookSection reads the flags of a webhook in this process: those of `irsa webhook`.
func (f *serveFile) webhookSection(name string, value *yaml.Node) error {
	if name != "flags" {
		return errUnknownField
	}
	flags := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	f.webhook = &webhookOptions{}
	f.webhook.register(flags)
	err := texts(value, func(n *yaml.Node, given string) error {
		if !strings.HasPrefix(given, "--") {
			return at(n, "%q is not a flag of irsa webhook (--port=8443)", given)
		}
		if err := flags.Parse([]string{given}); err != nil {
			return at(n, "%w", err)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case f.webhook.advise || f.webhook.version:
		return at(value, "--advise and --version have no place here: the plane's own webhook knows its roles")
	}
	f.webhook.settle(flags)
	return nil
}

func (f *serveFile) logging(name string, value *yaml.Node) error {
	given, err := text(value)
	switch {
	case err != nil:
		return err
	case name != "level":
		return errUnknownField
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, given):
		return at(value, "%q is none of debug, info, warn and error", given)
	}
	return f.level.UnmarshalText([]byte(given))
}

func (f *serveFile) drain(name string, value *yaml.Node) (err error) {
	switch name {
	case "delay":
		f.delay, err = duration(value, 0)
	case "timeout":
		f.timeout, err = duration(value, 0)
	default:
		return errUnknownField
	}
	return err
}
