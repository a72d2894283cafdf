package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/compare"
	"github.com/openirsa/openirsa/trail"
)

// rootKey is what the commands print of a new key: once, on stdout, and nowhere else.
type rootKey struct {
	Account         string `json:"accountId"`
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
}

// print writes lines that a shell sources and that kubectl create secret --from-env-file reads.
func (k rootKey) print(env environment, output outputFormat) error {
	if output == outputJSON {
		return printJSON(env, k)
	}
	_, err := fmt.Fprintf(env.stdout, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", k.AccessKeyID, k.SecretAccessKey)
	return err
}

func newRootCommands(env environment, output *outputFormat) *cobra.Command {
	command := &cobra.Command{
		Use:   "root",
		Short: "Make, rotate or disable the access key of an account's root",
		Long: `An account's root may do everything in it. Its access key is made once, for the first start of ` + "`irsa serve`" + `, replaced when somebody may have seen it,
and disabled when users and roles do the daily work.`,
		Example: `  irsa root new --account 111122223333 > root.env
  irsa root rotate > root.env
  irsa root disable`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newRootNewCommand(env, output), newRootRotateCommand(env, output), newRootDisableCommand(env, output))
	return command
}

func newRootNewCommand(env environment, output *outputFormat) *cobra.Command {
	var account string
	command := &cobra.Command{
		Use:   "new",
		Short: "Print a new root key for the first start of a plane",
		Long: `new prints a random access key whose id holds the account's number, as ids must. It is nobody's key until ` + "`irsa serve`" + ` starts for the first time with
it in its configuration (root). Nothing is asked and nothing is kept.`,
		Example: `  irsa root new --account 111122223333 > root.env
  kubectl create secret generic openirsa-root --from-env-file=root.env`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := iam.NewAccessKey(rand.Reader, account)
			if err != nil {
				return failure("Account", err, "for example --account 111122223333")
			}
			return rootKey{key.Account, key.ID, key.Secret}.print(env, *output)
		},
	}
	command.Flags().StringVar(&account, "account", defaultAccount, "account whose root it is for, 12 digits")
	return command
}

func newRootRotateCommand(env environment, output *outputFormat) *cobra.Command {
	var data, config, account string
	command := &cobra.Command{
		Use:   "rotate",
		Short: "Give an account's root a new access key and end the old one",
		Long: `rotate asks the plane that AWS_ENDPOINT_URL names, as the root whose key the environment has: it makes another key, prints it, and deletes the
old one with it, by IAM's own calls. The old key ends at once; sessions that it was exchanged for end within an hour, as on AWS.

With --data or --config it works on the data folder itself, while the plane is stopped: the way back after ` + "`irsa root disable`" + ` or a lost key. Whoever
owns the folder may do so, and the trail records it.`,
		Example: `  irsa root rotate > root.env
  irsa root rotate --data /var/lib/openirsa > root.env      # the plane is stopped`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			switch {
			case data != "" && config != "":
				return failure("Usage", errors.New("--data and --config say the same twice"), "give one of them")
			case data == "" && config == "" && account != "":
				return failure("Usage", errors.New("--account is for a stopped plane"), "a running one rotates the root whose key the environment has")
			case data == "" && config == "":
				return rotateOnline(command.Context(), env, *output)
			}
			c := stateConfig{Folder: folder(data), Issuer: anyIssuer}
			if config != "" {
				file, err := readServeFile(config, env.getenv)
				if err != nil {
					return err
				}
				c.Folder, c.MasterKey = file.data, file.masterKey
			}
			return rotateOffline(command.Context(), env, *output, c, account)
		},
	}
	flags := command.Flags()
	flags.StringVar(&data, "data", "", "data folder of a stopped plane")
	flags.StringVar(&config, "config", "", "configuration of a stopped `irsa serve`, which names its folder and master key")
	flags.StringVar(&account, "account", "", "account of the folder (default its default account)")
	return command
}

// rotateOnline uses AWS's own calls. The new key is told before the old one ends, so that no failure leaves nobody with a key.
func rotateOnline(ctx context.Context, env environment, output outputFormat) error {
	client, err := cloud.New(ctx, cloud.Config{})
	if err != nil {
		return err
	}
	if err := client.NeedsEndpoint(); err != nil { // never the root of an account at AWS
		return failure("Endpoint", err, "or work on a stopped plane's folder with --data")
	}
	account, err := rootAccount(ctx, client)
	if err != nil {
		return err
	}
	used, err := client.Credentials(ctx)
	if err != nil {
		return err
	}
	keys, err := client.OwnAccessKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if key.ID != used.AccessKeyID {
			return failure("TwoKeys", fmt.Errorf("the root of account %s has another access key, %s, and may have two", account, key.ID),
				"see who uses it, then delete it: aws iam delete-access-key --access-key-id "+key.ID)
		}
	}
	made, err := client.CreateOwnAccessKey(ctx)
	if err != nil {
		return err
	}
	if err := (rootKey{account, made.ID, made.Secret}).print(env, output); err != nil {
		return err
	}
	successor, err := cloud.New(ctx, cloud.Config{Credentials: cloud.Credentials{AccessKeyID: made.ID, SecretAccessKey: made.Secret}})
	if err == nil {
		err = successor.DeleteOwnAccessKey(ctx, used.AccessKeyID)
	}
	if err != nil {
		return failure("OldKey", fmt.Errorf("the new key is made, and the old one, %s, still works: %w", used.AccessKeyID, err),
			"delete it with the new key: aws iam delete-access-key --access-key-id "+used.AccessKeyID)
	}
	fmt.Fprintf(env.stderr, "The root of account %s has the key %s. %s ended.\n", account, made.ID, used.AccessKeyID)
	return nil
}

// rootAccount is the account whose root calls; anybody else cannot rotate its key, here as on AWS.
func rootAccount(ctx context.Context, client *cloud.Client) (string, error) {
	arn, err := client.CallerIdentity(ctx)
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(arn, ":root") {
		return "", failure("NotRoot", fmt.Errorf("%s is not an account's root", arn),
			"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the root's; without them, --data works on a stopped plane's folder")
	}
	return accountOf(arn), nil
}

func rotateOffline(ctx context.Context, env environment, output outputFormat, c stateConfig, account string) (err error) {
	if found, err := c.Folder.exists(); err != nil || !found {
		return failure("NoPlane", errors.Join(fmt.Errorf("no plane has been started in %s", c.Folder), err), "name its folder with --data, or its configuration with --config")
	}
	c.Trail = trail.Config{Sync: true}
	opened, err := openState(ctx, c)
	if err != nil {
		return err
	}
	p := &plane{state: opened, folder: c.Folder}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.openDirectory(ctx); err != nil {
		return err
	}
	if account == "" {
		account = p.settings.Account
	}
	key, err := p.directory.ReplaceRootKeys(ctx, account)
	if err != nil {
		return failure("Rotate", err, "--account names an account of this folder")
	}
	if err := (rootKey{key.Account, key.ID, key.Secret}).print(env, output); err != nil {
		return err
	}
	fmt.Fprintf(env.stderr, "The root of account %s has the key %s and no other.\n", key.Account, key.ID)
	return nil
}

func newRootDisableCommand(env environment, output *outputFormat) *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:   "disable",
		Short: "End every access key of an account's root",
		Long: `disable asks the plane that AWS_ENDPOINT_URL names to delete every access key of the root of the caller's account, at once. The root itself may do so, and
whoever the policies let (openirsa:DisableRoot). Before that it says who could still change what roles may do; without --yes it only says so.

The way back is for the data folder's owner, with the plane stopped: irsa root rotate --data DIR.`,
		Example: `  irsa root disable
  irsa root disable --yes`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return disableRoot(command, env, output, yes) },
	}
	command.Flags().BoolVar(&yes, "yes", false, "do it")
	return command
}

// disabled is what `irsa root disable` did, or would do.
type disabled struct {
	Account        string   `json:"accountId"`
	Disabled       bool     `json:"disabled"`
	Administrators []string `json:"administrators"` // who could still change what roles may do
	Unknown        string   `json:"unknown,omitempty"`
}

func disableRoot(command *cobra.Command, env environment, output *outputFormat, yes bool) error {
	ctx := command.Context()
	client, err := cloud.New(ctx, cloud.Config{})
	if err != nil {
		return err
	}
	if err := client.NeedsEndpoint(); err != nil {
		return err
	}
	arn, err := client.CallerIdentity(ctx)
	if err != nil {
		return err
	}
	answer := disabled{Account: accountOf(arn), Administrators: []string{}}
	if found, err := administrators(command, env, output, arn); err != nil {
		answer.Unknown = err.Error()
	} else {
		answer.Administrators = append(answer.Administrators, found...)
	}
	answer.narrate(env)
	if !yes {
		return failure("Unconfirmed", fmt.Errorf("the root of account %s keeps its keys without --yes", answer.Account),
			"`irsa root disable --yes` ends them; `irsa root rotate --data DIR` brings one back while the plane is stopped")
	}
	if err := client.DisableRoot(ctx); err != nil {
		return err
	}
	answer.Disabled = true
	fmt.Fprintf(env.stderr, "The root of account %s has no access key any more.\n", answer.Account)
	if *output == outputJSON {
		return printJSON(env, answer)
	}
	return nil
}

func (d disabled) narrate(env environment) {
	switch {
	case d.Unknown != "":
		fmt.Fprintf(env.stderr, "Who can still change what roles may do is not known: %s\n", printable(d.Unknown))
	case len(d.Administrators) == 0:
		fmt.Fprintln(env.stderr, "Without its root, nobody of the account can change what roles may do.")
	default:
		fmt.Fprintf(env.stderr, "Without its root, these can still change what roles may do:\n  %s\n", printable(strings.Join(d.Administrators, ", ")))
	}
}

// administrators are the users and roles that may give any role of the account any right: iam:PutRolePolicy on all of them.
func administrators(command *cobra.Command, env environment, output *outputFormat, caller string) ([]string, error) {
	const action = "iam:PutRolePolicy"
	a := &asker{env: env, output: output, options: compare.Options{Steps: compare.DefaultSteps}}
	of, err := policy.ParseARN(caller)
	if err != nil {
		return nil, err
	}
	roles := policy.ARN{Partition: of.Partition, Service: "iam", Account: of.Account, Resource: "role/*"}.String()
	entries, err := a.prepare(command, []string{action}, &roles)
	if errors.Is(err, errNoSubjects) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range entries {
		f, err := a.ask(entry, action, roles)
		if err != nil {
			return nil, err
		}
		if f.Answer == compare.Always.String() {
			found = append(found, entry.ARN)
		}
	}
	return found, nil
}
