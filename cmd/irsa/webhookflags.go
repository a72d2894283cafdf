package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/webhook"
)

// webhookOptions are the flags of `irsa webhook`. Those of amazon-eks-pod-identity-webhook have its names, defaults and meanings.
type webhookOptions struct {
	port, metricsPort   int
	bindAddress         string
	kubeconfig, kubeAPI string
	inCluster           bool
	tlsKey, tlsCert     string
	files               bool // certificates come from tlsKey and tlsCert
	cipherSuites        []string
	minVersion          string
	serviceName         string
	namespace           string
	tlsSecret           string
	configurations      []string
	authorityLifetime   time.Duration
	authorityOverlap    time.Duration
	certificateLifetime time.Duration

	inject          webhook.Settings
	compose         bool
	role            webhook.Compose
	caBundle        string
	watchConfigMap  bool
	containerConfig string

	lookupGrace        time.Duration
	confirmUnannotated bool
	warnUnannotated    string
	advise             bool
	eventsAtValidation bool
	// advisor makes what knows the roles, of the cluster's issuer; nil: the flags alone say whether anything does.
	advisor func(issuer string) webhook.Advisor

	drainDelay, drainTimeout time.Duration
	verbosity                int
	debugging, version       bool
	ignored                  []string // flags that were given and change nothing
}

func (o *webhookOptions) register(f *pflag.FlagSet) {
	f.SortFlags = false
	o.registerServing(f)
	o.registerInjection(f)
	o.registerLookup(f)
	o.registerLogging(f)
}

// settle takes from the flags that were parsed what their values alone do not say.
func (o *webhookOptions) settle(f *pflag.FlagSet) {
	o.files = !o.inCluster || f.Changed("tls-cert") || f.Changed("tls-key")
	o.ignored = ignoredFlags(f)
}

func (o *webhookOptions) registerServing(f *pflag.FlagSet) {
	f.IntVar(&o.port, "port", 443, "port of the webhook (HTTPS)")
	f.IntVar(&o.metricsPort, "metrics-port", 9999, "port of health and metrics (HTTP)")
	f.StringVar(&o.bindAddress, "bind-address", "", "address of both ports (default all)")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file of the API server (default the pod's service account)")
	f.StringVar(&o.kubeAPI, "kube-api", "", "URL of the API server, in place of the kubeconfig's")
	f.BoolVar(&o.inCluster, "in-cluster", true, "use the pod's service account, and certificates of an authority of our own")
	f.StringVar(&o.tlsKey, "tls-key", "/etc/webhook/certs/tls.key", "file of the serving key; with --in-cluster only where it is given")
	f.StringVar(&o.tlsCert, "tls-cert", "/etc/webhook/certs/tls.crt", "file of the serving certificate; with --in-cluster only where it is given")
	f.StringSliceVar(&o.cipherSuites, "tls-cipher-suites", nil, "cipher suites of TLS 1.2 and before, by the names of Go's crypto/tls (default Go's)")
	f.StringVar(&o.minVersion, "tls-min-version", "VersionTLS12", "least version of TLS: "+joined(tlsVersions()))
	f.StringVar(&o.serviceName, "service-name", "pod-identity-webhook", "Service of the webhook: the certificate's name")
	f.StringVar(&o.namespace, "namespace", "eks", "namespace of the webhook, its Secrets and its ConfigMap")
	f.StringVar(&o.tlsSecret, "tls-secret", "pod-identity-webhook", "what the names of the Secrets with our own authority begin with; NAME-1 is the first version")
	f.StringSliceVar(&o.configurations, "webhook-configuration", []string{"pod-identity-webhook"},
		"names of the mutating and validating webhook configurations whose caBundle is kept")
	f.DurationVar(&o.authorityLifetime, "authority-lifetime", 365*24*time.Hour, "life of a version of our own authority; the next is made after two thirds of it")
	f.DurationVar(&o.authorityOverlap, "authority-overlap", time.Minute, "how long a version is in every caBundle before it signs")
	f.DurationVar(&o.certificateLifetime, "certificate-lifetime", 30*24*time.Hour, "life of a serving certificate of our own; the next is made after two thirds of it")
	f.DurationVar(&o.drainDelay, "drain-delay", 5*time.Second, "after SIGTERM, how long requests are taken while readiness fails already")
	f.DurationVar(&o.drainTimeout, "drain-timeout", 10*time.Second, "after that, how long requests in flight may take")
}

func (o *webhookOptions) registerInjection(f *pflag.FlagSet) {
	d := webhook.Settings{}.Complete()
	s, c := &o.inject, &o.inject.ContainerCredentials
	f.StringVar(&s.AnnotationPrefix, "annotation-prefix", d.AnnotationPrefix, "prefix of the annotations that are read")
	f.StringVar(&s.Audience, "token-audience", d.Audience, "audience of tokens, unless an annotation names one")
	f.StringVar(&s.TokenMountPath, "token-mount-path", d.TokenMountPath, "where tokens are mounted")
	f.Int64Var(&s.Expiration, "token-expiration", d.Expiration, "life of tokens in seconds, at least 600")
	f.StringVar(&s.Region, "aws-default-region", "", "region that is injected where a container has none")
	f.BoolVar(&s.RegionalSTS, "sts-regional-endpoint", false, "inject AWS_STS_REGIONAL_ENDPOINTS=regional")
	f.BoolVar(&o.watchConfigMap, "watch-config-map", false, "read roles from the ConfigMap pod-identity-webhook too")
	f.BoolVar(&o.compose, "compose-role-arn", false, "take a role's name for its ARN, in the account of --role-account or of the machine")
	f.StringVar(&o.role.Account, "role-account", "", "account of composed ARNs (default that of the EC2 instance)")
	f.StringVar(&o.role.Partition, "role-partition", "aws", "partition of composed ARNs in --role-account")
	f.StringVar(&o.containerConfig, "watch-container-credentials-config", "", "JSON file with the accounts that get container credentials, read anew when it changes")
	f.StringVar(&c.Audience, "container-credentials-audience", d.ContainerCredentials.Audience, "audience of container credentials' tokens")
	f.StringVar(&c.MountPath, "container-credentials-token-mount-path", d.ContainerCredentials.MountPath, "where container credentials' tokens are mounted")
	f.StringVar(&c.VolumeName, "container-credentials-token-volume-name", d.ContainerCredentials.VolumeName, "volume of container credentials' tokens")
	f.StringVar(&c.TokenPath, "container-credentials-token-path", d.ContainerCredentials.TokenPath, "file name of container credentials' tokens")
	f.StringVar(&c.FullURI, "container-credentials-full-uri", d.ContainerCredentials.FullURI, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
	f.StringVar(&s.Extras.EndpointURL, "aws-endpoint-url", "", "inject AWS_ENDPOINT_URL")
	f.StringVar(&s.Extras.STSEndpointURL, "aws-endpoint-url-sts", "", "inject AWS_ENDPOINT_URL_STS")
	f.StringVar(&o.caBundle, "aws-ca-bundle", "", "inject AWS_CA_BUNDLE from a ConfigMap of the pod's namespace: NAME or NAME/KEY (key ca.crt)")
	f.BoolVar(&s.Extras.SessionName, "aws-role-session-name", false, "inject AWS_ROLE_SESSION_NAME, of the pod's namespace and name")
}

func (o *webhookOptions) registerLookup(f *pflag.FlagSet) {
	f.DurationVar(&o.lookupGrace, "service-account-lookup-grace-period", 0,
		"how long a pod waits for a service account that is missing, or young and without a role; below the webhook configuration's timeoutSeconds")
	f.BoolVar(&o.confirmUnannotated, "confirm-unannotated", true,
		"ask the API server before a pod goes without a role because its account is remembered without one")
	f.StringVar(&o.warnUnannotated, "warn-unannotated", string(webhook.UnannotatedIntent), "which workloads without a role are warned of: off, intent (they look as if they wanted one) or all")
	f.BoolVar(&o.advise, "advise", false,
		"ask the plane of AWS_ENDPOINT_URL, with the SDK's credentials, whether roles will work, and warn of those that will not (needs openirsa:Preflight)")
	f.BoolVar(&o.eventsAtValidation, "events-at-validation", false,
		"record Events of pods at /validate, where they have their name and UID, in place of at /mutate; for clusters whose webhook configurations send new pods to both")
	f.Duration("resync-period", time.Minute, "changes nothing: what is remembered follows a watch")
	f.BoolVar(&o.debugging, "enable-debugging-handlers", false, "serve /debug/alpha/cache on the metrics port")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
}

// registerLogging takes klog's flags, by the names that it gives them. The log is JSON on stderr; verbosity alone changes it.
func (o *webhookOptions) registerLogging(f *pflag.FlagSet) {
	f.IntVarP(&o.verbosity, "v", "v", 0, "4 and more logs every pod")
	const nothing = "changes nothing: the log is JSON on stderr"
	for _, name := range klogSwitches() {
		f.Bool(name, name == "logtostderr" || name == "legacy_stderr_threshold_behavior", nothing)
		f.Lookup(name).Hidden = true
	}
	for _, name := range klogTexts() {
		f.String(name, "", nothing)
		f.Lookup(name).Hidden = true
	}
}

func klogSwitches() []string {
	return []string{"logtostderr", "alsologtostderr", "legacy_stderr_threshold_behavior", "add_dir_header", "skip_headers", "one_output", "skip_log_headers"}
}

func klogTexts() []string {
	return []string{"log_dir", "log_file", "log_file_max_size", "stderrthreshold", "alsologtostderrthreshold", "vmodule", "log_backtrace_at"}
}

// ignoredFlags are those that were given and change nothing.
func ignoredFlags(f *pflag.FlagSet) []string {
	var given []string
	for _, name := range slices.Concat([]string{"resync-period"}, klogSwitches(), klogTexts()) {
		if f.Changed(name) {
			given = append(given, name)
		}
	}
	return given
}

// level takes klog's verbosity: its users log each request at 4 and more.
func (o *webhookOptions) level() slog.Level {
	if o.verbosity >= 4 {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// complete asks EC2 for the account of composed ARNs where no flag names it, as amazon-eks-pod-identity-webhook does.
func (o *webhookOptions) complete(ctx context.Context) (err error) {
	if !o.compose || o.role.Account != "" {
		return nil
	}
	if o.role.Partition, o.role.Account, err = cloud.InstanceAccount(ctx, ""); err != nil {
		return failure("RoleAccount", fmt.Errorf("finding the account of composed ARNs: %w", err), "name it with --role-account")
	}
	return nil
}

// settings is what is injected.
func (o *webhookOptions) settings() (webhook.Settings, error) {
	s := o.inject
	if o.compose {
		s.Compose = &o.role
	}
	bundle, err := webhook.ParseBundle(o.caBundle)
	if err != nil {
		return s, &commandError{Code: "Usage", Err: err, Hint: "see --aws-ca-bundle in `irsa webhook --help`"}
	}
	s.Extras.CABundle = bundle
	return s.Complete(), nil
}

// shortest is the shortest life of what is rotated: certificates tell time in seconds.
const shortest = 10 * time.Second

// lookEvery is the time between two looks at the authority and the serving certificate: ten seconds, and of short lives a thirtieth, so that every
// step of a rotation has its turn in the last third.
func (o *webhookOptions) lookEvery() time.Duration {
	every := 10 * time.Second
	if !o.files {
		every = min(every, o.authorityLifetime/30, o.certificateLifetime/30)
	}
	return every
}

// checkLives refuses lives by which what is rotated would end before its successor is used.
func (o *webhookOptions) checkLives() error {
	for _, life := range []struct {
		flag string
		is   time.Duration
	}{{"authority-lifetime", o.authorityLifetime}, {"certificate-lifetime", o.certificateLifetime}} {
		if life.is < shortest {
			return &commandError{Code: "Usage", Err: fmt.Errorf("--%s %s is not at least %s", life.flag, life.is, shortest), Hint: "months and days are usual"}
		}
	}
	// A version is made at the first look at which it is due, read back in each caBundle at the next, and signs at the first look after the overlap.
	room := o.authorityLifetime/3 - 3*o.lookEvery()
	if o.authorityOverlap < 0 || o.authorityOverlap >= room {
		return &commandError{Code: "Usage", Hint: "a minute is long enough for API servers to hear of a new caBundle",
			Err: fmt.Errorf("--authority-overlap %s is not shorter than %s, the third of --authority-lifetime %s in which versions overlap less three looks at them",
				o.authorityOverlap, room, o.authorityLifetime)}
	}
	return nil
}

// tlsConfig is the server's but for its certificate. Cipher suites do not apply to TLS 1.3 (crypto/tls).
func (o *webhookOptions) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	version, ok := tlsVersions()[o.minVersion]
	if !ok {
		return nil, unknownName("tls-min-version", o.minVersion, slices.Sorted(maps.Keys(tlsVersions())))
	}
	config.MinVersion = version
	suites := tlsSuites()
	for _, name := range o.cipherSuites {
		id, ok := suites[name]
		if !ok {
			return nil, unknownName("tls-cipher-suites", name, slices.Sorted(maps.Keys(suites)))
		}
		config.CipherSuites = append(config.CipherSuites, id)
	}
	return config, nil
}

// tlsVersions have the names by which Kubernetes' components know them (k8s.io/component-base/cli/flag).
func tlsVersions() map[string]uint16 {
	return map[string]uint16{"VersionTLS10": tls.VersionTLS10, "VersionTLS11": tls.VersionTLS11, "VersionTLS12": tls.VersionTLS12, "VersionTLS13": tls.VersionTLS13}
}

// tlsSuites have crypto/tls's names, and the two that Kubernetes' components keep from before Go renamed them.
func tlsSuites() map[string]uint16 {
	suites := map[string]uint16{
		"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305":   tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	}
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		suites[suite.Name] = suite.ID
	}
	return suites
}

func joined(names map[string]uint16) string {
	text := ""
	for i, name := range slices.Sorted(maps.Keys(names)) {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}
