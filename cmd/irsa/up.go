package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// upOptions are the flags of `irsa up`.
type upOptions struct {
	listen, ops string
	region      string
	gateway     string // file
	plane       planeConfig
}

func newUpCommand(env environment, output *outputFormat) *cobra.Command {
	var o upOptions
	var data string
	command := &cobra.Command{
		Use:   "up",
		Short: "Run the plane: STS, IAM, an OIDC issuer and an embedded S3 on one port",
		Long: `up serves the whole IRSA path to any AWS SDK: an OIDC issuer that mints Kubernetes service account tokens, STS, IAM and an
embedded S3 in which every request is authenticated and authorized. State is kept in the data folder and survives restarts.

Requests to every other AWS service are authorized too. What is allowed is carried out by the service's backend, if --gateway names one, and
is otherwise answered with the statement that allows it.

It writes admin.env there: the account root's credentials and AWS_ENDPOINT_URL for a shell. Health and metrics are on a second port.`,
		Example: `  irsa up &
  . ~/.local/share/openirsa/admin.env
  aws sts get-caller-identity`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			o.plane.State.Folder, o.plane.Region = folder(data), o.region
			return up(command.Context(), env, *output, o)
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:4566", "address of the AWS port")
	flags.StringVar(&o.ops, "ops", "127.0.0.1:4567", "address of the health and metrics port")
	flags.StringVar(&data, "data", defaultFolder(env.getenv), "folder that keeps all state")
	flags.StringVar(&o.plane.State.Account, "account", "", "account id, fixed when the folder is created (default "+defaultAccount+")")
	flags.StringVar(&o.region, "region", "", "region written to admin.env, and of requests that name none; a new folder takes its partition,\nas cn-north-1 makes one of aws-cn (default us-east-1, or the like of the folder's partition)")
	flags.StringVar(&o.plane.State.IssuerURL, "issuer-url", "", "the embedded issuer's URL, fixed when the folder is created (default a random one)")
	flags.StringSliceVar(&o.plane.AllowIssuers, "allow-issuer", nil, "host or CIDR beyond public addresses that issuers' keys may be fetched from (repeatable)")
	flags.DurationVar(&o.plane.MaxStale, "jwks-max-stale", 24*time.Hour, "how long keys serve while their issuer cannot be reached")
	flags.DurationVar(&o.plane.ClockOffset, "clock-offset", 0, "how far ahead the plane's clock is, to try how tokens and sessions expire; the trail's times stay the machine's")
	flags.StringVar(&o.gateway, "gateway", "", "YAML file with the services behind the gateway, tags of resources and trusted proxies (docs/gateway.md)")
	flags.BoolVar(&o.plane.State.Trail.Sync, "trail-sync", false, "flush the trail to disk before an exchange or a change is answered")
	return command
}

func up(ctx context.Context, env environment, output outputFormat, o upOptions) (err error) {
	o.plane.Logger = slog.New(slog.NewTextHandler(env.stderr, nil))
	tuneCollector(env)
	if o.gateway != "" {
		file, err := readGatewayFile(o.gateway, env.getenv)
		if err != nil {
			return err
		}
		o.plane.Gateway = *file
	}
	// Listening comes first: a second `up` on the same port fails before it touches the folder.
	listener, err := listen(o.listen, "--listen")
	if err != nil {
		return err
	}
	defer listener.Close()
	opsListener, err := listen(o.ops, "--ops")
	if err != nil {
		return err
	}
	defer opsListener.Close()

	p, err := openPlane(ctx, o.plane)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	socket, err := listenAdmin(o.plane.State.Folder)
	if err != nil {
		return err
	}
	defer os.Remove(o.plane.State.Folder.adminSocket())
	endpoint := "http://" + reachable(listener.Addr())
	if err := writeAdminEnv(o.plane.State.Folder, p, endpoint, p.region); err != nil {
		return fmt.Errorf("writing admin.env: %w", err)
	}
	greet(env, output, o, p, endpoint, opsListener.Addr().String())
	return serve(ctx, o.plane.Logger, drain{begin: p.ops.drain, timeout: drainTime},
		service{name: "AWS", listener: listener, handler: p.aws}, service{name: "admin", listener: socket, handler: p.adminHandler()},
		service{name: "ops", listener: opsListener, handler: p.ops})
}

func listen(address, flag string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, failure("Listen", err, "choose another address with "+flag+"; 127.0.0.1:0 takes a free port")
	}
	return listener, nil
}

// reachable is the address that a client on this machine uses.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}

// writeAdminEnv writes the root credentials for a shell to source.
func writeAdminEnv(f folder, p *plane, endpoint, region string) error {
	return writePrivate(f.adminEnv(), fmt.Appendf(nil,
		"export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\nexport AWS_ENDPOINT_URL=%s\nexport AWS_REGION=%s\nexport AWS_DEFAULT_REGION=%s\n",
		p.root.ID, p.root.Secret, endpoint, region, region))
}

// greet tells a person how to use what now runs, and a program the same as JSON.
func greet(env environment, output outputFormat, o upOptions, p *plane, endpoint, ops string) {
	f := o.plane.State.Folder
	if output == outputJSON {
		printJSONLine(env, struct {
			Endpoint string `json:"endpoint"`
			Ops      string `json:"ops"`
			Account  string `json:"account"`
			Issuer   string `json:"issuer"`
			AdminEnv string `json:"adminEnv"`
		}{endpoint, "http://" + ops, p.settings.Account, p.settings.IssuerURL, f.adminEnv()})
		return
	}
	fmt.Fprintf(env.stderr, `OpenIRSA serves account %s

  AWS endpoint   %s   (STS, IAM, EKS, CloudTrail, S3)
  backends       %s
  health         http://%s/readyz, /metrics
  issuer         %s
  data           %s

In another shell:

  . %s
  aws sts get-caller-identity
  irsa token --namespace default --service-account app --data %s

Stop with Ctrl-C; the state stays.
`, p.settings.Account, endpoint, o.plane.Gateway.backends(), ops, p.settings.IssuerURL, f, f.adminEnv(), f)
	if host, _, err := net.SplitHostPort(o.listen); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && !ip.IsLoopback() {
			fmt.Fprintln(env.stderr, "\nwarning: the AWS port is reachable from other machines and speaks plain HTTP; session tokens cross the network in clear.")
		}
	}
}
