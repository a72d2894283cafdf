package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/certificate"
	"github.com/openirsa/openirsa/trail"
	"github.com/openirsa/openirsa/webhook"
)

func newServeCommand(env environment, output *outputFormat) *cobra.Command {
	var config string
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run the plane in production: TLS, secrets from files, one configuration file",
		Long: `serve runs STS, IAM and the gateway on one port as a YAML file says: with TLS, the root's key from a mounted Secret, JSON logs on
stderr, health and metrics on a second port, and a drain that load balancers notice. It embeds no issuer: tokens come from clusters whose issuers
are registered. docs/serve.md explains every member of the file.

On SIGTERM readiness fails first; after the drain's delay no more connections are taken, requests in flight end, and the exit code is 0.`,
		Example: `  irsa root new --account 111122223333 --output json > root.json
  irsa serve --config openirsa.yaml`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if config == "" {
				return failure("Usage", errors.New("a configuration is needed"), "irsa serve --config FILE.yaml; docs/serve.md has the form of the file")
			}
			file, err := readServeFile(config, env.getenv)
			if err != nil {
				return err
			}
			return runServe(command.Context(), env, *output, file)
		},
	}
	command.Flags().StringVar(&config, "config", "", "YAML file with the configuration (required; docs/serve.md)")
	return command
}

// planeConfig is the plane that a configuration asks for.
func (f *serveFile) planeConfig(logger *slog.Logger) planeConfig {
	return planeConfig{
		State: stateConfig{
			Folder: f.data, MasterKey: f.masterKey, Account: f.account, Region: f.region, Issuer: noIssuer,
			Trail: trail.Config{Sync: f.trail.sync, Drop: f.trail.drop, MaxFileSize: f.trail.fileSize, MaxFiles: f.trail.files, Queue: f.trail.pending},
		},
		RootKey: f.root, Region: f.region, AllowIssuers: f.allow, MaxStale: f.maxStale, Logger: logger, Gateway: *f.gateway,
	}
}

func runServe(ctx context.Context, env environment, output outputFormat, file *serveFile) (err error) {
	logger := slog.New(slog.NewJSONHandler(env.stderr, &slog.HandlerOptions{Level: file.level}))
	tuneCollector(env)
	listener, err := listen(file.listen, "listen in the configuration")
	if err != nil {
		return err
	}
	defer listener.Close()
	ops, err := listen(file.ops, "ops in the configuration")
	if err != nil {
		return err
	}
	defer ops.Close()
	p, err := openPlane(ctx, file.planeConfig(logger))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	secured, stop, err := p.secure(ctx, listener, file, logger)
	if err != nil {
		return err
	}
	defer stop()
	services := []service{{name: "AWS", listener: secured, handler: p.aws}}
	begin := p.ops.drain
	if file.webhook != nil {
		file.webhook.advisor = func(issuer string) webhook.Advisor { return clusterAdvisor{p.doctor, p.directory, issuer} }
		admission, err := openWebhook(ctx, logger, file.webhook)
		if err != nil {
			return err
		}
		defer admission.close()
		services = append(services, admission.services...)
		begin = func() {
			p.ops.drain()
			admission.drain()
		}
	}
	services = append(services, service{name: "ops", listener: ops, handler: p.ops}) // the last to close: it says that the others do
	file.greet(env, output, logger, p, listener, ops)
	return serve(ctx, logger, drain{begin: begin, delay: file.delay, timeout: file.timeout}, services...)
}

// secure puts TLS before the plane's listener, unless the configuration says plaintext, and keeps the certificate fresh until stop.
func (p *plane) secure(ctx context.Context, listener net.Listener, file *serveFile, logger *slog.Logger) (_ net.Listener, stop func(), err error) {
	s := file.tls
	if s.plaintext != "" {
		if s.plaintext == plaintextBehindProxy && len(file.gateway.proxies) == 0 {
			logger.Warn("no proxy is trusted: aws:SecureTransport is false for every request and aws:SourceIp is the proxy's; see gateway.trustedProxies")
		}
		return listener, func() {}, nil
	}
	source := certificate.Source(&certificate.Files{Cert: s.certificate, Key: s.key})
	if s.node != nil {
		source = p.ownCertificates(s)
	}
	keeper := certificate.New(certificate.Config{Source: source, Log: logger})
	if err := keeper.Refresh(ctx); err != nil {
		return nil, nil, failure("Certificate", err, "docs/serve.md says what tls takes")
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx)) // also while the plane drains
	done := make(chan struct{})
	go func() {
		defer close(done)
		keeper.Run(running)
	}()
	stop = func() {
		cancel()
		<-done
	}
	return tls.NewListener(listener, serverTLS(keeper)), stop, nil
}

// serverTLS is one configuration for all connections, so that Go's session ticket keys, which it makes and rotates daily, are theirs together: an SDK that
// comes back resumes its session (RFC 8446 section 2.2) and costs no signature. AWS's endpoints speak HTTP/1.1, and so does this one.
func serverTLS(keeper *certificate.Keeper) *tls.Config {
	config := keeper.TLS()
	config.NextProtos = []string{"http/1.1"}
	return config
}

// ownCertificates is the source of certificates of the plane's own authority, whose bundle goes to the data folder and to the ops port.
func (p *plane) ownCertificates(s tlsSection) certificate.Source {
	return &keptAuthority{
		records: p.store, lifetime: s.authorityLifetime,
		own: certificate.Own{Names: s.names, Lifetime: s.lifetime, Now: time.Now},
		publish: func(bundle []byte) error {
			p.ops.bundle.Store(&bundle)
			return writePublic(p.folder.bundle(), bundle)
		},
	}
}

// greet says on stdout, as one line of JSON where that is asked for, and in the log what now runs.
func (f *serveFile) greet(env environment, output outputFormat, logger *slog.Logger, p *plane, listener, ops net.Listener) {
	scheme, bundle := "https", ""
	if f.tls.plaintext != "" {
		scheme = "http"
	}
	if f.tls.node != nil {
		bundle = f.data.bundle()
	}
	endpoint := scheme + "://" + reachable(listener.Addr())
	if output == outputJSON {
		printJSONLine(env, struct {
			Endpoint string `json:"endpoint"`
			Ops      string `json:"ops"`
			Account  string `json:"account"`
			CABundle string `json:"caBundle"`
		}{endpoint, "http://" + reachable(ops.Addr()), p.settings.Account, bundle})
	}
	logger.Info("serving", "listen", listener.Addr().String(), "ops", ops.Addr().String(), "scheme", scheme, "account", p.settings.Account,
		"partition", p.settings.Partition, "region", p.region, "data", string(f.data), "backends", f.gateway.backends(), "version", buildVersion())
}
