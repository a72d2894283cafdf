package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/store"
	"github.com/openirsa/openirsa/trail"
)

// Keys of the plane's own records.
const (
	settingsKey   = "plane/settings"
	issuerKeysKey = iam.SealedPrefix + "plane/issuer-keys"
)

// settingsSchema is the version of the settings record that this binary writes; it refuses newer ones.
const settingsSchema = 1

// settings are fixed when the data folder is created.
type settings struct {
	Schema  int    `json:"schema"`
	Account string `json:"account"`
	// IssuerURL is the embedded issuer's; "" in a folder of `irsa serve`, which has none.
	IssuerURL string `json:"issuerURL"`
	// Partition is that of every ARN; a folder from before it was kept is one of aws.
	Partition string `json:"partition,omitempty"`
	// Provisioned is set once the issuer is registered as a provider, so that an operator who deletes the provider does not
	// find it back after a restart.
	Provisioned bool `json:"provisioned"`
}

// issuerKind says whether a folder's plane embeds an issuer. A folder is of one kind for its life: whoever owns one with an issuer can become every
// service account that its roles trust, which is what a developer wants and production does not.
type issuerKind int

const (
	embeddedIssuer issuerKind = iota // of `irsa up`
	noIssuer                         // of `irsa serve`
	anyIssuer                        // whichever the folder, which exists, was made with
)

// stateConfig opens a state. Empty Account, IssuerURL and Region mean what the folder has, or the defaults for a new one.
type stateConfig struct {
	Folder    folder
	MasterKey string // the file of a master key that is kept elsewhere; "": in the folder, made at the first start
	Account   string
	Issuer    issuerKind
	IssuerURL string
	Region    string       // its partition is the folder's
	Trail     trail.Config // but for its Dir
}

// state is what `irsa token` needs of a data folder, and what the plane is built on: the store, the trail and the issuer. The
// store's file lock makes its holder the only one who writes any of them.
type state struct {
	store    *store.Bolt
	trail    *trail.Trail
	issuer   *oidc.Issuer // nil where there is none
	settings settings
}

const (
	defaultAccount   = "000000000000"
	defaultPartition = "aws"
)

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

func openState(ctx context.Context, c stateConfig) (_ *state, err error) {
	if c.Account != "" && !accountPattern.MatchString(c.Account) {
		return nil, failure("Account", fmt.Errorf("account %q is not 12 digits", c.Account), "for example --account 123456789012")
	}
	if err := c.Folder.create(); err != nil {
		return nil, err
	}
	masterKey, err := c.loadMasterKey()
	if err != nil {
		return nil, err
	}
	s := &state{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.store, err = store.Open(store.Config{Path: c.Folder.database(), MasterKey: masterKey}); err != nil {
		return nil, failure("Store", err, storeHint(err))
	}
	if s.settings, err = loadSettings(ctx, s.store, c); err != nil {
		return nil, err
	}
	if err := s.openIssuer(ctx); err != nil {
		return nil, err
	}
	c.Trail.Dir = c.Folder.trail()
	if s.trail, err = trail.Open(c.Trail); err != nil {
		return nil, err
	}
	return s, nil
}

func (c stateConfig) loadMasterKey() ([]byte, error) {
	if c.MasterKey != "" {
		key, err := store.LoadMasterKey(c.MasterKey)
		if err != nil {
			return nil, failure("MasterKey", err, "it is 32 random bytes in base64, for its owner and group alone: a mounted Secret with defaultMode 0440")
		}
		return key, nil
	}
	key, err := store.LoadOrCreateMasterKey(c.Folder.masterKey())
	if err != nil {
		return nil, failure("MasterKey", err, "the key belongs to its owner alone: chmod 600 "+c.Folder.masterKey())
	}
	return key, nil
}

// openIssuer opens the embedded issuer, if the folder has one.
func (s *state) openIssuer(ctx context.Context) error {
	if s.settings.IssuerURL == "" {
		return nil
	}
	keys, err := loadIssuerKeys(ctx, s.store)
	if err != nil {
		return err
	}
	s.issuer, err = oidc.NewIssuer(s.settings.IssuerURL, keys)
	return err
}

// storeHint says what to do about a store that does not open.
func storeHint(err error) string {
	switch {
	case errors.Is(err, store.ErrLocked):
		return "stop the irsa that uses this folder, or choose another data folder"
	case errors.Is(err, store.ErrMasterKey):
		return "restore the master key that the folder was created with; without it the sealed keys cannot be read"
	case errors.Is(err, store.ErrNewerFormat):
		return "use the newer irsa"
	}
	return "check the folder, or choose another data folder"
}

// Close writes what the trail still holds and releases the folder.
func (s *state) Close() error {
	var failures []error
	if s.trail != nil {
		failures = append(failures, s.trail.Close())
	}
	if s.store != nil {
		failures = append(failures, s.store.Close())
	}
	return errors.Join(failures...)
}

// loadSettings reads what the folder was created with, or creates it. Asking for something else than the folder has is an
// error: roles, providers and tokens out there name the account and the issuer.
func loadSettings(ctx context.Context, records iam.Store, c stateConfig) (settings, error) {
	record, err := records.Get(ctx, settingsKey)
	if errors.Is(err, iam.ErrNotFound) {
		return createSettings(ctx, records, c)
	}
	if err != nil {
		return settings{}, fmt.Errorf("reading the plane's settings: %w", err)
	}
	found := settings{Partition: defaultPartition}
	if err := json.Unmarshal(record.Value, &found); err != nil {
		return settings{}, fmt.Errorf("decoding the plane's settings: %w", err)
	}
	asked, known := policy.PartitionOfRegion(c.Region)
	switch {
	case found.Schema > settingsSchema:
		return settings{}, failure("NewerData", fmt.Errorf("the data folder was written by a newer version (settings schema %d, this binary knows %d)", found.Schema, settingsSchema), "use the newer irsa")
	case c.Account != "" && c.Account != found.Account:
		return settings{}, failure("Account", fmt.Errorf("the data folder belongs to account %s, not %s", found.Account, c.Account), "leave the account out, or choose another data folder")
	case c.IssuerURL != "" && c.IssuerURL != found.IssuerURL:
		return settings{}, failure("IssuerURL", fmt.Errorf("the data folder's issuer is %s; it was fixed when the folder was created", found.IssuerURL), "leave --issuer-url out, or choose another folder with --data")
	case known && asked.ID != found.Partition:
		return settings{}, failure("Region", fmt.Errorf("region %s is in partition %s, but the data folder is of %s; that was fixed when the folder was created", c.Region, asked.ID, found.Partition),
			"choose a region of "+found.Partition+", or another data folder")
	case c.Issuer == noIssuer && found.IssuerURL != "":
		return settings{}, failure("DataFolder", errors.New("the data folder was made by `irsa up`: it has an issuer of its own, whose tokens its owner can mint"),
			"choose another data folder for `irsa serve`")
	case c.Issuer == embeddedIssuer && found.IssuerURL == "":
		return settings{}, failure("DataFolder", errors.New("the data folder was made by `irsa serve`: it has no issuer of its own"),
			"use it with `irsa serve`, or choose another data folder; tokens for `irsa serve` come from clusters (kubectl create token)")
	}
	return found, nil
}

func createSettings(ctx context.Context, records iam.Store, c stateConfig) (settings, error) {
	created := settings{Schema: settingsSchema, Account: c.Account, IssuerURL: c.IssuerURL, Partition: defaultPartition}
	if partition, known := policy.PartitionOfRegion(c.Region); known {
		created.Partition = partition.ID
	}
	if created.Account == "" {
		created.Account = defaultAccount
	}
	if c.Issuer == noIssuer {
		return created, saveSettings(ctx, records, created, 0)
	}
	if created.IssuerURL == "" {
		id := make([]byte, 16)
		rand.Read(id) // never fails: crypto/rand's documentation
		created.IssuerURL = "https://oidc.openirsa.internal/id/" + hex.EncodeToString(id)
	}
	if err := oidc.ValidateIssuerURL(created.IssuerURL); err != nil {
		return settings{}, failure("IssuerURL", err, "for example --issuer-url https://oidc.example.com/id/0123456789abcdef0123456789abcdef")
	}
	return created, saveSettings(ctx, records, created, 0)
}

// saveSettings writes the settings over the record of that revision; 0 where there is none.
func saveSettings(ctx context.Context, records iam.Store, s settings, revision int64) error {
	encoded, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding the plane's settings: %w", err)
	}
	_, err = records.Apply(ctx, []iam.Condition{{Key: settingsKey, Revision: revision}}, []iam.Operation{{Key: settingsKey, Value: encoded}})
	if err != nil {
		return fmt.Errorf("writing the plane's settings: %w", err)
	}
	return nil
}

// issuerKeys is the sealed record of the issuer's private keys; the first one signs.
type issuerKeys struct {
	Schema int      `json:"schema"`
	Keys   []string `json:"keys"` // base64 of oidc.Key.Marshal
}

func loadIssuerKeys(ctx context.Context, records iam.Store) ([]*oidc.Key, error) {
	record, err := records.Get(ctx, issuerKeysKey)
	if errors.Is(err, iam.ErrNotFound) {
		return createIssuerKeys(ctx, records)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the issuer's keys: %w", err)
	}
	var found issuerKeys
	if err := json.Unmarshal(record.Value, &found); err != nil {
		return nil, fmt.Errorf("decoding the issuer's keys: %w", err)
	}
	keys := make([]*oidc.Key, 0, len(found.Keys))
	for _, encoded := range found.Keys {
		der, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("decoding the issuer's keys: %w", err)
		}
		key, err := oidc.ParseKey(der)
		if err != nil {
			return nil, fmt.Errorf("decoding the issuer's keys: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// createIssuerKeys makes one RSA key, because RS256 is what kube-apiserver signs with unless told otherwise.
func createIssuerKeys(ctx context.Context, records iam.Store) ([]*oidc.Key, error) {
	key, err := oidc.GenerateKey("RS256")
	if err != nil {
		return nil, fmt.Errorf("making the issuer's key: %w", err)
	}
	der, err := key.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding the issuer's key: %w", err)
	}
	encoded, err := json.Marshal(issuerKeys{Schema: 1, Keys: []string{base64.StdEncoding.EncodeToString(der)}})
	if err != nil {
		return nil, fmt.Errorf("encoding the issuer's key: %w", err)
	}
	_, err = records.Apply(ctx, []iam.Condition{{Key: issuerKeysKey}}, []iam.Operation{{Key: issuerKeysKey, Value: encoded}})
	if err != nil {
		return nil, fmt.Errorf("keeping the issuer's key: %w", err)
	}
	return []*oidc.Key{key}, nil
}

// documentsPath is the issuer's path when its documents can be served under it without shadowing a bucket: /id/<hex>.
func documentsPath(issuerURL string) (path string, ok bool) {
	parsed, err := url.Parse(issuerURL)
	if err != nil || !documentsPattern.MatchString(parsed.Path) {
		return "", false
	}
	return parsed.Path, true
}

// "id" is too short for a bucket's name, so these paths are free on the AWS port.
var documentsPattern = regexp.MustCompile(`^/id/[0-9a-f]{1,64}$`)
