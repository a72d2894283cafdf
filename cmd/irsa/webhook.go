package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/certificate"
	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/kube"
	"github.com/openirsa/openirsa/webhook"
)

const webhookLong = `webhook injects the role of a pod's service account into the pod as it is admitted: environment, a projected token and its mount. It takes
the flags and annotations of amazon-eks-pod-identity-webhook, so that a cluster replaces the image and nothing else; called by the name
"webhook" the binary is this command.

POST /mutate and /validate are answered on --port over TLS. Health (/healthz, /livez, /readyz) and /metrics are on --metrics-port over plain HTTP.

Certificates come from --tls-cert and --tls-key, read anew when they change, as cert-manager and others keep them. Without these flags and with
--in-cluster, the default, the webhook makes its own authority, shares it among replicas as Secrets, puts it into the caBundle of its webhook
configurations, and rotates it (docs/decisions/0011-shared-authority.md). docs/rbac.md lists what it may do in the cluster, and why.`

func newWebhookCommand(env environment, output *outputFormat) *cobra.Command {
	o := &webhookOptions{}
	command := &cobra.Command{
		Use:   "webhook",
		Short: "Inject roles into a cluster's pods as they are admitted",
		Long:  webhookLong,
		Example: `  irsa webhook --in-cluster --namespace openirsa --service-name pod-identity-webhook
  irsa webhook --in-cluster=false --kubeconfig ~/.kube/config --port 8443 --tls-cert tls.crt --tls-key tls.key`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if o.version {
				return printVersion(env, *output)
			}
			o.settle(command.Flags())
			return runWebhook(command.Context(), env, o)
		},
	}
	o.register(command.Flags())
	return command
}

// webhookServer is the running webhook.
type webhookServer struct {
	options  *webhookOptions
	log      *slog.Logger
	client   *kube.Client
	accounts *kube.Accounts
	events   *kube.Events
	handler  *webhook.Handler
	keeper   *certificate.Keeper
	registry *prometheus.Registry

	followsRoles bool        // a ConfigMap is followed
	rolesRead    atomic.Bool // and was read once
	draining     atomic.Bool

	services []service
	close    func()
}

func runWebhook(ctx context.Context, env environment, o *webhookOptions) error {
	log := slog.New(slog.NewJSONHandler(env.stderr, &slog.HandlerOptions{Level: o.level()}))
	if o.advise {
		plane, err := cloud.New(ctx, cloud.Config{MaxAttempts: 1})
		if err != nil {
			return failure("Advise", err, "--advise needs AWS_ENDPOINT_URL and credentials of the SDK's standard chain")
		}
		o.advisor = func(issuer string) webhook.Advisor { return remoteAdvisor{plane, issuer} }
	}
	s, err := openWebhook(ctx, log, o)
	if err != nil {
		return err
	}
	defer s.close()
	tuning, stop := context.WithCancel(ctx)
	defer stop()
	go keepHeadroom(tuning, env)
	return serve(ctx, log, drain{begin: s.drain, delay: o.drainDelay, timeout: o.drainTimeout}, s.services...)
}

// openWebhook starts what runs beside the listeners, and listens. The caller serves the services and, once they have drained, closes.
func openWebhook(ctx context.Context, log *slog.Logger, o *webhookOptions) (_ *webhookServer, err error) {
	s := &webhookServer{options: o, registry: prometheus.NewRegistry(), log: log}
	if len(o.ignored) > 0 {
		s.log.Debug("flags that change nothing here were given", "flags", o.ignored)
	}
	tlsConfig, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	if err := o.checkLives(); err != nil {
		return nil, err
	}
	if err := o.complete(ctx); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	if o.files {
		if err := s.keeper.Refresh(ctx); err != nil {
			return nil, failure("Certificate", err, "give a pair with --tls-cert and --tls-key, or let the webhook make its own with --in-cluster")
		}
	}
	listener, err := listen(o.address(o.port), "--port and --bind-address")
	if err != nil {
		return nil, err
	}
	opsListener, err := listen(o.address(o.metricsPort), "--metrics-port and --bind-address")
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	// What is remembered and the certificate are kept up while requests drain, too.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.close = func() {
		stop()
		listener.Close() // closed already, where it was served
		opsListener.Close()
	}
	s.start(background)
	tlsConfig.GetCertificate = s.keeper.TLS().GetCertificate
	s.log.Info("listening", "version", buildVersion(), "webhook", listener.Addr().String(), "ops", opsListener.Addr().String(), "certificateFiles", o.files)
	s.services = []service{{name: "webhook", listener: tls.NewListener(listener, tlsConfig), handler: s.handler, tune: forReviews},
		{name: "webhook's ops", listener: opsListener, handler: s.opsMux()}}
	return s, nil
}

// forReviews bounds what a server of reviews holds for clients that stall, beside the handler's own bound. No webhook configuration has an API server wait
// for longer than 30 seconds. The reviews that wait for room at one time hold less of a connection's window than others need to pass them by.
func forReviews(server *http.Server) {
	server.ReadTimeout, server.WriteTimeout = 30*time.Second, time.Minute
	server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 8 << 20}
}

// drain has readiness fail from now on.
func (s *webhookServer) drain() { s.draining.Store(true) }

// advisor is what knows the roles; nil where nothing does.
func (s *webhookServer) advisor() webhook.Advisor {
	if s.options.advisor == nil {
		return nil
	}
	return &issuerAdvisor{issuer: s.client.Issuer, of: s.options.advisor}
}

// open makes the parts, none of which has connected to anything yet.
func (s *webhookServer) open() (err error) {
	o := s.options
	settings, err := o.settings()
	if err != nil {
		return err
	}
	s.client, err = kube.New(kube.Config{
		Kubeconfig: o.kubeconfig, Server: o.kubeAPI, UserAgent: "openirsa-webhook/" + buildVersion(),
		InCluster: o.inCluster && o.kubeconfig == "" && o.kubeAPI == "",
	})
	if err != nil {
		return failure("Cluster", err, "outside a cluster, give --in-cluster=false and --kubeconfig FILE")
	}
	s.accounts = s.client.Accounts(kube.AccountsConfig{Prefix: settings.AnnotationPrefix, Log: s.log})
	s.events = s.client.Events("openirsa-webhook", s.log)
	s.handler, err = webhook.New(webhook.Config{
		Settings: settings, ServiceAccounts: s.accounts, Events: s.events, Log: s.log, Registry: s.registry,
		Advisor: s.advisor(), EventsAtValidation: o.eventsAtValidation,
		TrustUnannotated: !o.confirmUnannotated, Wait: o.lookupGrace, WarnUnannotated: webhook.Unannotated(o.warnUnannotated),
	})
	if err != nil {
		return &commandError{Code: "Usage", Err: err, Hint: "see `irsa webhook --help`"}
	}
	s.keeper = certificate.New(certificate.Config{Source: s.source(), Every: o.lookEvery(), Log: s.log})
	return s.register()
}

// source says where the serving certificate comes from.
func (s *webhookServer) source() certificate.Source {
	o := s.options
	if o.files {
		return &certificate.Files{Cert: o.tlsCert, Key: o.tlsKey}
	}
	vault := s.client.Vault(kube.VaultConfig{Namespace: o.namespace, Secret: o.tlsSecret, Service: o.serviceName, Configurations: o.configurations})
	service := o.serviceName + "." + o.namespace
	return &certificate.Shared{
		Vault: vault, Names: []string{service + ".svc", service + ".svc.cluster.local", service, o.serviceName},
		Lifetime: o.certificateLifetime, Life: o.authorityLifetime, Overlap: o.authorityOverlap, Now: time.Now,
	}
}

// start begins what runs beside the listeners until ctx ends.
func (s *webhookServer) start(ctx context.Context) {
	o := s.options
	go s.accounts.Run(ctx)
	go s.events.Run(ctx)
	go s.keeper.Run(ctx)
	if o.watchConfigMap {
		s.followsRoles = true
		go s.client.FollowConfigMap(ctx, o.namespace, "pod-identity-webhook", "config", s.log, s.takeRoles)
	}
	if o.containerConfig != "" {
		go followFile(ctx, o.containerConfig, time.Second, s.takeContainerAccounts)
	}
}

// takeRoles replaces the roles of the ConfigMap. A text that does not parse leaves the ones from before.
func (s *webhookServer) takeRoles(text string) {
	s.rolesRead.Store(true)
	roles, err := webhook.ParseRoles([]byte(text))
	if err != nil {
		s.log.Error("the ConfigMap was not understood; its roles from before stay", "namespace", s.options.namespace, "error", err)
		return
	}
	s.handler.SetRoles(roles)
	s.log.Info("roles were taken from the ConfigMap", "roles", len(roles))
}

// takeContainerAccounts replaces the accounts of the container-credentials file, by the same rule.
func (s *webhookServer) takeContainerAccounts(text []byte, err error) {
	var accounts webhook.ContainerAccounts
	if err == nil {
		accounts, err = webhook.ParseContainerCredentials(text)
	}
	if err != nil {
		s.log.Error("the container-credentials file was not understood; its accounts from before stay", "file", s.options.containerConfig, "error", err)
		return
	}
	s.handler.SetContainerAccounts(accounts)
	s.log.Info("accounts were taken from the container-credentials file", "accounts", len(accounts))
}

// unready says why no pod should be sent here yet, "" where one may.
func (s *webhookServer) unready() string {
	switch {
	case s.draining.Load():
		return "draining"
	case s.keeper.Leaf() == nil:
		return "no serving certificate yet"
	case !s.accounts.Ready():
		return "service accounts not read yet"
	case s.followsRoles && !s.rolesRead.Load():
		return "ConfigMap not read yet"
	}
	return ""
}

// opsMux serves health and metrics; nothing on it is secret.
func (s *webhookServer) opsMux() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /livez", ok)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := s.unready(); why != "" {
			plain(w, http.StatusServiceUnavailable, why)
			return
		}
		ok(w, r)
	})
	mux.Handle("GET /metrics", s.handler.Metrics())
	if s.options.debugging {
		mux.HandleFunc("GET /debug/alpha/cache", s.dump)
	}
	return mux
}

// address of a port, on --bind-address.
func (o *webhookOptions) address(port int) string {
	return net.JoinHostPort(o.bindAddress, strconv.Itoa(port))
}

// printVersion is `irsa version` for `irsa webhook --version`.
func printVersion(env environment, output outputFormat) error {
	return newVersionCommand(env, &output).RunE(nil, nil)
}

func unknownName(flag, name string, known []string) error {
	return &commandError{Code: "Usage", Err: fmt.Errorf("--%s does not know %q", flag, name), Hint: fmt.Sprintf("it knows %v", known)}
}
