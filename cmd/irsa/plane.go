package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/openirsa/openirsa/awsapi"
	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/catalog"
	"github.com/openirsa/openirsa/doctor"
	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/services"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

// planeConfig is what `irsa up`, `irsa serve` and `irsa demo` choose.
type planeConfig struct {
	State        stateConfig
	RootKey      sigv4.Credentials // of a new folder without an issuer
	Region       string            // of requests that name none; empty: the global one of the folder's partition
	AllowIssuers []string
	MaxStale     time.Duration
	ClockOffset  time.Duration // how far the plane's clock is ahead of the machine's
	Logger       *slog.Logger
	// Gateway says what is behind the gateway; the zero value: the embedded services alone.
	Gateway gatewayFile
}

// plane is the whole path in one process: the packages joined, and nothing else.
type plane struct {
	*state
	folder    folder
	directory *iam.Directory
	verifier  *oidc.Verifier
	exchange  *sts.Service
	doctor    *doctor.Doctor
	objects   *services.S3
	root      iam.AccessKey // where the plane made it
	region    string
	aws       http.Handler // the one AWS port
	ops       *opsHandler
	gateway   gatewayFile
	upstreams []*gateway.Upstream
	reference *awsmodel.Reference
	now       func() time.Time
}

func openPlane(ctx context.Context, c planeConfig) (_ *plane, err error) {
	c.State.Region = c.Region
	if err := c.checkFirstStart(); err != nil {
		return nil, err
	}
	opened, err := openState(ctx, c.State)
	if err != nil {
		return nil, err
	}
	p := &plane{state: opened, folder: c.State.Folder, region: c.Region, gateway: c.Gateway, now: clock(c.ClockOffset)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := p.openDirectory(ctx); err != nil {
		return nil, err
	}
	if err := p.bootstrap(ctx, c); err != nil {
		return nil, err
	}
	if err := p.openVerifier(ctx, c); err != nil {
		return nil, err
	}
	if p.objects, err = services.NewS3(services.S3Config{Dir: c.State.Folder.objects(), Logger: c.Logger}); err != nil {
		return nil, fmt.Errorf("opening the embedded S3: %w", err)
	}
	if err := p.join(ctx, c); err != nil {
		return nil, err
	}
	return p, nil
}

// checkFirstStart refuses a new folder without an issuer that nobody could do anything in, before the folder is made: its account and partition are fixed then.
func (c planeConfig) checkFirstStart() error {
	if c.State.Issuer != noIssuer || c.RootKey != (sigv4.Credentials{}) {
		return nil
	}
	if found, err := c.State.Folder.exists(); found || err != nil {
		return err
	}
	return noRootKey(cmp.Or(c.State.Account, defaultAccount))
}

func noRootKey(account string) error {
	return failure("Root", errors.New("the data folder is new and no root key is configured"),
		"`irsa root new --account "+account+"` makes one; docs/serve.md says where it goes")
}

// openVerifier makes what proves tokens, and makes the embedded issuer known, if there is one.
func (p *plane) openVerifier(ctx context.Context, c planeConfig) (err error) {
	verifier := oidc.VerifierConfig{AllowIssuers: c.AllowIssuers, MaxStale: c.MaxStale, Now: p.now}
	if p.issuer != nil {
		if err := p.registerIssuer(ctx); err != nil {
			return err
		}
		verifier.Embedded = map[string]func() []byte{p.issuer.URL(): p.issuer.JWKS}
	}
	if p.verifier, err = oidc.NewVerifier(verifier); err != nil {
		return failure("AllowIssuer", err, "issuers that may be fetched from are host names and CIDRs")
	}
	return nil
}

// openDirectory opens the directory of the folder's partition.
func (p *plane) openDirectory(ctx context.Context) error {
	partition, known := policy.PartitionByID(p.settings.Partition)
	if !known {
		return failure("NewerData", fmt.Errorf("the data folder is of partition %q, which this binary does not know", p.settings.Partition), "use the newer irsa")
	}
	p.region = cmp.Or(p.region, partition.GlobalRegion)
	managed, err := awsPolicies(partition.ID)
	if err != nil {
		return err
	}
	if p.reference, err = awsmodel.NewReference(); err != nil {
		return err
	}
	p.directory, err = iam.New(ctx, iam.Config{Store: p.store, Trail: p.trail, DefaultAccount: p.settings.Account, Partition: partition.ID,
		AWSPolicies: managed, Actions: p.reference, Now: p.now})
	if err != nil {
		return fmt.Errorf("opening the directory: %w", err)
	}
	return nil
}

// bootstrap makes the default account at the folder's first start: with a root key that the plane makes for its owner's shell, or, where there is no
// issuer, with the one that the operator brought along.
func (p *plane) bootstrap(ctx context.Context, c planeConfig) (err error) {
	if p.issuer != nil {
		if p.root, err = p.directory.Bootstrap(ctx, p.settings.Account); errors.Is(err, iam.ErrNoRootKey) {
			return failure("NoRootKey", err, "`irsa root rotate --data "+string(c.State.Folder)+"` gives the root a new key while the plane is stopped")
		}
	} else {
		err = p.bringRoot(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("preparing account %s: %w", p.settings.Account, err)
	}
	return nil
}

// clock is the machine's, with an offset.
func clock(offset time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(offset) }
}

// bringRoot makes the account's root key the configured one where the account is new, and says where it is not that one any more.
func (p *plane) bringRoot(ctx context.Context, c planeConfig) error {
	if c.RootKey == (sigv4.Credentials{}) {
		_, err := p.directory.Account(ctx, p.settings.Account)
		if refusal := (*iam.Error)(nil); errors.As(err, &refusal) && refusal.Code == "NoSuchEntity" {
			return noRootKey(p.settings.Account)
		}
		return err
	}
	key := iam.AccessKey{ID: c.RootKey.AccessKeyID, Secret: c.RootKey.SecretAccessKey, Account: p.settings.Account}
	if err := iam.CheckRootKey(p.settings.Account, key); err != nil {
		return failure("Root", err, "`irsa root new --account "+p.settings.Account+"` makes one")
	}
	active, err := p.directory.BootstrapWith(ctx, key)
	if err == nil && !active {
		c.Logger.Info("the configured root key is not the root's; it was rotated or disabled", "account", p.settings.Account, "accessKeyId", key.ID)
	}
	return err
}

// awsPolicies are the managed policies of AWS's that the catalogue knows.
func awsPolicies(partition string) ([]iam.AWSPolicy, error) {
	known, err := catalog.ManagedPolicies(partition)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	policies := make([]iam.AWSPolicy, 0, len(known))
	for _, p := range known {
		policies = append(policies, iam.AWSPolicy{
			Name: p.Name, Path: p.Path, ID: p.ID, Description: p.Description, Created: p.Created, Updated: p.Updated,
			DefaultVersionID: p.DefaultVersionID, Document: p.Document,
		})
	}
	return policies, nil
}

// join makes the doors and the handler in front of them.
func (p *plane) join(ctx context.Context, c planeConfig) error {
	ring, err := sts.OpenRing(ctx, p.store, rand.Reader)
	if err != nil {
		return fmt.Errorf("opening the session keys: %w", err)
	}
	exchange, err := sts.New(sts.Config{Directory: p.directory, Verifier: p.verifier, Ring: ring, Trail: p.trail,
		Partition: p.settings.Partition, Now: p.now, Ending: ctx.Done()})
	if err != nil {
		return fmt.Errorf("starting sts: %w", err)
	}
	p.exchange, p.doctor = exchange, doctor.New(exchange)
	api, err := awsapi.New(awsapi.Config{STS: exchange, Inquiries: exchange, Reviews: exchange, Advisor: callerAdvisor{p.doctor},
		Directory: p.directory, Trail: p.trail, Origin: originOf, Logger: c.Logger, DefaultAccount: p.settings.Account})
	if err != nil {
		return fmt.Errorf("starting the API: %w", err)
	}
	config, err := p.gatewayConfig(c, exchange)
	if err != nil {
		return err
	}
	doors, err := gateway.New(config)
	if err != nil {
		return fmt.Errorf("starting the gateway: %w", err)
	}
	door := &front{api: api, hasCluster: api.HasCluster, gateway: doors, region: p.region, proxies: p.gateway.proxies, now: p.now}
	if path, ok := documentsPath(p.settings.IssuerURL); ok && p.issuer != nil {
		door.documents, door.documentsPath = p.issuer.Handler(), path
	}
	p.aws = door
	p.ops = newOpsHandler(p.trail.Metrics())
	return nil
}

// ownCluster is the name under which EKS's API shows the embedded issuer.
const ownCluster = "openirsa"

// registerIssuer makes the embedded issuer a cluster of the default account, and so a provider, once in the folder's life. The provider's client
// id is the audience that `irsa token` and EKS's webhook put into tokens, in every partition.
func (p *plane) registerIssuer(ctx context.Context) error {
	if p.settings.Provisioned {
		return nil
	}
	caller := iam.Root(p.settings.Partition, p.settings.Account)
	caller.Context = new(policy.Context)
	caller.Origin = trail.Origin{RequestID: newRequestID(), SourceIP: "openirsa.internal", UserAgent: "irsa up", Region: p.region, Time: p.now().UTC()}
	_, err := p.directory.RegisterCluster(ctx, caller, iam.RegisterClusterInput{Name: ownCluster, Issuer: p.settings.IssuerURL})
	// A start that ended before it was noted may have registered it, perhaps in another region.
	if refusal := (*iam.Error)(nil); err != nil && !(errors.As(err, &refusal) && refusal.Code == "EntityAlreadyExists") {
		return fmt.Errorf("registering the embedded issuer: %w", err)
	}
	record, err := p.store.Get(ctx, settingsKey)
	if err != nil {
		return fmt.Errorf("reading the plane's settings: %w", err)
	}
	p.settings.Provisioned = true
	return saveSettings(ctx, p.store, p.settings, record.Revision)
}

// Close stops what the plane runs, doors excepted: the caller has drained them.
func (p *plane) Close() error {
	var failures []error
	if p.verifier != nil {
		failures = append(failures, p.verifier.Close())
	}
	for _, upstream := range p.upstreams {
		failures = append(failures, upstream.Close())
	}
	if p.directory != nil {
		failures = append(failures, p.directory.Close())
	}
	if p.objects != nil {
		failures = append(failures, p.objects.Close())
	}
	return errors.Join(append(failures, p.state.Close())...)
}
