package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/kube"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
)

// kubeadmIssuer is kube-apiserver's issuer where nobody chose one: kubeadm's default, the same for every cluster of its.
const kubeadmIssuer = "https://kubernetes.default.svc.cluster.local"

// maxAnswer is more than an API server has to say to these commands: its key set is the largest, oidc.MaxJWKSSize at most.
const maxAnswer = 4 << 20

// readTime is how long an API server may take for all that is read of it.
const readTime = 30 * time.Second

const issuerHint = "start kube-apiserver with --service-account-issuer=https://… of the cluster's own, and the present one as a second flag while its tokens live (docs/clusters.md)"

// clusterOptions are the flags that the commands on clusters share.
type clusterOptions struct {
	env    environment
	output *outputFormat
	kube   kube.Config
	region string
}

func newClusterCommand(env environment, output *outputFormat) *cobra.Command {
	command := &cobra.Command{
		Use:   "cluster",
		Short: "Make clusters issuers: register them, keep their keys current, remove them",
		Long: `cluster registers Kubernetes clusters with the plane or account that the SDK's standard configuration names (profile, environment,
AWS_ENDPOINT_URL), so that the tokens of their pods are exchanged. Clusters are read through their API servers: no URL of theirs needs to be public, and
the plane holds no kubeconfig.`,
		Example: `  irsa cluster register prod --kubeconfig ~/.kube/prod
  irsa cluster list`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	for _, newCommand := range []func(*clusterOptions) *cobra.Command{
		newClusterRegisterCommand, newClusterSyncCommand, newClusterJWKSCommand, newClusterListCommand, newClusterRemoveCommand,
	} {
		command.AddCommand(newCommand(&clusterOptions{env: env, output: output, kube: kube.Config{UserAgent: "irsa", MaxAnswer: maxAnswer}}))
	}
	return command
}

func (o *clusterOptions) kubeFlags(command *cobra.Command) {
	command.Flags().StringVar(&o.kube.Kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default KUBECONFIG, then ~/.kube/config, then the pod's own service account)")
	command.Flags().StringVar(&o.kube.Context, "context", "", "context of the kubeconfig (default its current one)")
}

func (o *clusterOptions) regionFlag(command *cobra.Command) {
	command.Flags().StringVar(&o.region, "region", "", "region that the cluster is registered in (default the SDK's)")
}

// readCluster asks the cluster's API server.
func (o *clusterOptions) readCluster(ctx context.Context) (*kube.Client, kube.Cluster, error) {
	client, err := kube.New(o.kube)
	if err != nil {
		return nil, kube.Cluster{}, failure("Kubeconfig", err, "name a kubeconfig with --kubeconfig, and a context of it with --context")
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	found, err := client.Cluster(ctx)
	if errors.Is(err, kube.ErrNoIssuer) {
		return nil, found, failure("Issuer", err, issuerHint)
	}
	if err != nil {
		return nil, found, failure("Cluster", err, "the identity needs the ClusterRole system:service-account-issuer-discovery, and to get the namespace kube-system")
	}
	if err := oidc.ValidateIssuerURL(found.Issuer); err != nil {
		return nil, found, failure("Issuer", fmt.Errorf("the cluster's issuer is %q: %w", found.Issuer, err), issuerHint)
	}
	return client, found, nil
}

func (o *clusterOptions) cloud(ctx context.Context) (*cloud.Client, error) {
	client, err := cloud.New(ctx, cloud.Config{Region: o.region})
	if err != nil {
		return nil, failure("Configuration", err, "set AWS_ENDPOINT_URL and credentials, for example by sourcing admin.env")
	}
	return client, nil
}

func newClusterRegisterCommand(o *clusterOptions) *cobra.Command {
	var clientIDs []string
	var syncer string
	var review bool
	command := &cobra.Command{
		Use:   "register NAME",
		Short: "Register a cluster, its issuer and its keys",
		Long: `register reads issuer, keys and version of a cluster through its API server, and registers in the account of the credentials: the cluster, its
issuer as an OIDC provider, and the keys as that provider's. All of it happens, or nothing. Again, it changes what is different.

An issuer belongs to one cluster of an account, and a name to the cluster with the UID of its kube-system namespace.`,
		Example: `  irsa cluster register prod --kubeconfig ~/.kube/prod
  irsa cluster register prod --context prod --client-id sts.amazonaws.com --client-id vault`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			registration := cloud.Registration{Name: arguments[0], ClientIDList: clientIDs}
			if command.Flags().Changed("token-review") {
				registration.TokenReview = &review
			}
			if command.Flags().Changed("sync-service-account") {
				namespace, name, ok := strings.Cut(syncer, "/")
				if !ok || namespace == "" || name == "" {
					return failure("Usage", fmt.Errorf("%q is not a service account", syncer), "--sync-service-account NAMESPACE/NAME")
				}
				registration.SyncSubject = "system:serviceaccount:" + namespace + ":" + name
			}
			return o.register(command.Context(), registration)
		},
	}
	o.kubeFlags(command)
	o.regionFlag(command)
	command.Flags().StringArrayVar(&clientIDs, "client-id", nil, "audience that the provider takes, if this makes it; again for another (default sts.amazonaws.com)")
	command.Flags().BoolVar(&review, "token-review", false, "exchange tokens only on the cluster's word that they are still good, which `irsa cluster sync` gives")
	command.Flags().StringVar(&syncer, "sync-service-account", "",
		"of a cluster with --token-review, the service account of irsa cluster sync: it gives the cluster's word, and so its own tokens are exchanged without "+
			"(default as registered before, then openirsa/openirsa-sync)")
	return command
}

// registeredJSON is what register prints.
type registeredJSON struct {
	Name        string   `json:"name"`
	ARN         string   `json:"arn"`
	Issuer      string   `json:"issuer"`
	Provider    string   `json:"provider"`
	KeyIDs      []string `json:"keyIds"`
	UID         string   `json:"uid"`
	Version     string   `json:"version"`
	TokenReview *bool    `json:"tokenReview,omitempty"`
}

func (o *clusterOptions) register(ctx context.Context, r cloud.Registration) error {
	_, found, err := o.readCluster(ctx)
	if err != nil {
		return err
	}
	client, err := o.cloud(ctx)
	if err != nil {
		return err
	}
	r.Issuer, r.Version, r.Endpoint, r.CertificateAuthority = found.Issuer, found.Version, found.Endpoint, found.CertificateAuthority
	r.Uid, r.KeySet = found.UID, json.RawMessage(found.KeySet)
	made, err := client.RegisterCluster(ctx, r)
	if err != nil {
		return registrationFailure(r.Name, err)
	}
	if found.Issuer == kubeadmIssuer {
		fmt.Fprintf(o.env.stderr, "warning: %s is every kubeadm cluster's issuer; no other one can be registered in this account. %s\n", found.Issuer, issuerHint)
	}
	if *o.output == outputJSON {
		return printJSON(o.env, registeredJSON{r.Name, made.ClusterArn, found.Issuer, made.OpenIDConnectProviderArn, found.KeyIDs, found.UID, found.Version, r.TokenReview})
	}
	fmt.Fprintf(o.env.stdout, "cluster   %s\nissuer    %s\nprovider  %s\nkeys      %s\n", made.ClusterArn, printable(found.Issuer),
		made.OpenIDConnectProviderArn, printable(strings.Join(found.KeyIDs, " ")))
	fmt.Fprintf(o.env.stderr, "\nThe keys are those of now. Run `irsa cluster sync %s` in the cluster, so that they stay current when it rotates them.\n", r.Name)
	return nil
}

// registrationFailure adds what to do where another cluster is in the way.
func registrationFailure(name string, err error) error {
	refused := (*cloud.Error)(nil)
	switch {
	case !errors.As(err, &refused) || refused.Code != "EntityAlreadyExists":
		return err
	case strings.Contains(refused.Message, "--service-account-issuer"):
		return failure(refused.Code, err, issuerHint)
	}
	return failure(refused.Code, err, "choose another name, or `irsa cluster remove "+name+"` first, if this is the same cluster built anew or with another issuer")
}

// clusterJSON is a registered cluster as list prints it.
type clusterJSON struct {
	Name        string   `json:"name"`
	Region      string   `json:"region"`
	ARN         string   `json:"arn"`
	Issuer      string   `json:"issuer"`
	Provider    string   `json:"provider,omitempty"` // none: it was deleted
	KeyIDs      []string `json:"keyIds,omitempty"`   // none: the issuer publishes them
	Version     string   `json:"version,omitempty"`
	UID         string   `json:"uid,omitempty"`
	Registered  string   `json:"registered"`
	LastSync    string   `json:"lastSync,omitempty"`
	TokenReview bool     `json:"tokenReview"`
}

func newClusterListCommand(o *clusterOptions) *cobra.Command {
	command := &cobra.Command{
		Use:   "list",
		Short: "List the account's clusters",
		Long: `list shows the clusters of every region of the account: issuer, provider, how many keys they pushed and when they did last (to five minutes).
Without pushed keys, they are fetched from the issuer's URL.`,
		Example: `  irsa cluster list --output json`,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			client, err := o.cloud(command.Context())
			if err != nil {
				return err
			}
			clusters, err := client.Clusters(command.Context())
			if err != nil {
				return err
			}
			return o.printClusters(clusters)
		},
	}
	o.regionFlag(command)
	return command
}

func (o *clusterOptions) printClusters(clusters []cloud.Cluster) error {
	if *o.output == outputJSON {
		shown := make([]clusterJSON, 0, len(clusters))
		for _, c := range clusters {
			shown = append(shown, clusterJSON{c.Name, c.Region, c.ClusterArn, c.Issuer, c.OpenIDConnectProviderArn, c.KeyIds, c.Version, c.Uid,
				c.CreateDate, c.SyncDate, c.TokenReview})
		}
		return printJSON(o.env, struct {
			Clusters []clusterJSON `json:"clusters"`
		}{shown})
	}
	if len(clusters) == 0 {
		fmt.Fprintln(o.env.stderr, "The account has no clusters.")
		return nil
	}
	table := tabwriter.NewWriter(o.env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tREGION\tISSUER\tPROVIDER\tKEYS\tLAST SYNC\tREVIEW")
	for _, c := range clusters {
		provider, keys, synced, review := "registered", "published", "never", "no"
		if c.OpenIDConnectProviderArn == "" {
			provider = "deleted"
		}
		if len(c.KeyIds) > 0 {
			keys = fmt.Sprint(len(c.KeyIds))
		}
		if c.SyncDate != "" {
			synced = c.SyncDate
		}
		if c.TokenReview {
			review = "yes"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(c.Name), printable(c.Region), printable(c.Issuer), provider, keys, printable(synced), review)
	}
	return table.Flush()
}

func newClusterRemoveCommand(o *clusterOptions) *cobra.Command {
	var revoke bool
	command := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a cluster: no more exchanges of its tokens",
		Long: `remove forgets a cluster and deletes the OIDC provider of its issuer, whoever made it: from then on none of its tokens is exchanged.

Sessions go on until they expire, an hour at most unless asked otherwise. With --revoke every role whose trust policy names the provider gets the inline
policy AWSRevokeOlderSessions, which denies everything to sessions from before the removal, whoever's they are; other clusters' pods renew theirs.`,
		Example: `  irsa cluster remove old
  irsa cluster remove stolen --revoke`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return o.remove(command.Context(), arguments[0], revoke)
		},
	}
	o.regionFlag(command)
	command.Flags().BoolVar(&revoke, "revoke", false, "also end the sessions of every role that trusts the cluster")
	return command
}

func (o *clusterOptions) remove(ctx context.Context, name string, revoke bool) error {
	client, err := o.cloud(ctx)
	if err != nil {
		return err
	}
	gone, err := client.DeregisterCluster(ctx, name)
	if err != nil {
		return err
	}
	out := struct {
		Name     string   `json:"name"`
		Provider string   `json:"provider"`
		Removed  string   `json:"removed"`
		Revoked  []string `json:"revoked,omitempty"` // ARNs of roles
	}{name, gone.OpenIDConnectProviderArn, gone.DeregisterDate, nil}
	if revoke {
		if out.Revoked, err = revokeSessions(ctx, client, gone); err != nil {
			return failure("Revoke", fmt.Errorf("cluster %s is removed, but not all sessions are revoked (roles done: %d): %w", name, len(out.Revoked), err),
				"revoke the others by an inline policy on aws:TokenIssueTime, as docs/clusters.md shows")
		}
	}
	if *o.output == outputJSON {
		return printJSON(o.env, out)
	}
	fmt.Fprintf(o.env.stdout, "removed   %s\nprovider  %s\n", printable(name), printable(out.Provider))
	for _, arn := range out.Revoked {
		fmt.Fprintf(o.env.stdout, "revoked   %s\n", printable(arn))
	}
	return nil
}

// revocation is the name that IAM's console gives the same policy (IAM User Guide, "Revoke IAM role temporary security credentials").
const revocation = "AWSRevokeOlderSessions"

// revokeSessions denies everything to sessions from before the removal, in each role whose trust policy names the provider.
func revokeSessions(ctx context.Context, client *cloud.Client, gone cloud.Deregistered) (done []string, err error) {
	removed, err := time.Parse(time.RFC3339, gone.DeregisterDate)
	if err != nil {
		return nil, fmt.Errorf("reading the date of the removal: %w", err)
	}
	roles, err := client.RoleTrusts(ctx)
	if err != nil {
		return nil, err
	}
	// Dates have seconds: a session of the second of the removal is older than the next one.
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":%q}}}]}`,
		removed.Add(time.Second).UTC().Format(time.RFC3339))
	for _, role := range roles {
		named, err := namesProvider(role.TrustPolicy, gone.OpenIDConnectProviderArn)
		if err != nil {
			return done, fmt.Errorf("reading the trust policy of %s: %w", role.ARN, err)
		}
		if !named {
			continue
		}
		if err := client.PutRolePolicy(ctx, role.Name, revocation, document); err != nil {
			return done, err
		}
		done = append(done, role.ARN)
	}
	return done, nil
}

// namesProvider tells whether a trust policy has the provider, or a federated principal by wildcard, in a statement that allows.
func namesProvider(trust, provider string) (bool, error) {
	document, err := policy.Parse([]byte(trust))
	if err != nil {
		return false, err
	}
	for i := range document.Len() {
		s := document.Statement(i)
		if s.Denies() || s.Principal == nil {
			continue
		}
		for _, list := range s.Principal.Types {
			for _, value := range list.Values {
				if value.Value == provider || value.Value == "*" || s.Principal.Not {
					return true, nil
				}
			}
		}
	}
	return false, nil
}
