package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/kube"
)

// publishedKeys is where the key set goes, below the issuer, unless the cluster says otherwise: where kube-apiserver has it.
const publishedKeys = "/openid/v1/jwks"

func newClusterJWKSCommand(o *clusterOptions) *cobra.Command {
	var out, issuer string
	command := &cobra.Command{
		Use:   "jwks",
		Short: "Write the files that make a cluster's issuer readable, for AWS itself",
		Long: `jwks writes the discovery document and the key set of a cluster as files, laid out for the bucket or web server that answers at the issuer's URL. AWS
reads them there; a plane of OpenIRSA does not need them. Publish them again whenever the cluster's keys change.

The document names the key set below the issuer: at the cluster's own jwks_uri if that is below it, else at openid/v1/jwks. With --issuer-url, the issuer must
be exactly that. Without --out both are printed as JSON.`,
		Example: `  irsa cluster jwks --out site --issuer-url https://oidc.example.com/prod
  aws s3 sync site s3://oidc-example-com/prod --content-type application/json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return o.jwks(command.Context(), out, issuer)
		},
	}
	o.kubeFlags(command)
	command.Flags().StringVar(&out, "out", "", "folder to write to; it is made if it is missing")
	command.Flags().StringVar(&issuer, "issuer-url", "", "the issuer that the files are for; refused if the cluster has another")
	return command
}

// discoveryDocument is what AWS reads of an issuer (OpenID Connect Discovery 1.0, section 3), with the members that kube-apiserver gives its own.
type discoveryDocument struct {
	Issuer        string   `json:"issuer"`
	JWKSURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Claims        []string `json:"claims_supported"`
}

func (o *clusterOptions) jwks(ctx context.Context, folder, issuer string) error {
	_, found, err := o.readCluster(ctx)
	if err != nil {
		return err
	}
	if issuer != "" && issuer != found.Issuer {
		return failure("Issuer", fmt.Errorf("the cluster's issuer is %s, not %s", found.Issuer, issuer), issuerHint)
	}
	document, below, err := discoveryOf(found)
	if err != nil {
		return err
	}
	if folder == "" {
		return printJSON(o.env, map[string]json.RawMessage{"discovery": document, "keySet": found.KeySet})
	}
	files := map[string][]byte{".well-known/openid-configuration": document, strings.TrimPrefix(below, "/"): found.KeySet}
	var written []string
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return failure("Write", err, "choose another folder with --out")
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { // they are for everybody
			return failure("Write", err, "choose another folder with --out")
		}
		written = append(written, path)
	}
	slices.Sort(written)
	if *o.output == outputJSON {
		return printJSON(o.env, struct {
			Issuer string   `json:"issuer"`
			Files  []string `json:"files"`
			KeyIDs []string `json:"keyIds"`
		}{found.Issuer, written, found.KeyIDs})
	}
	fmt.Fprintln(o.env.stdout, strings.Join(written, "\n"))
	fmt.Fprintf(o.env.stderr, "\nServe them below %s, as application/json, to everybody.\n", found.Issuer)
	return nil
}

// discoveryOf is the document for an issuer that is served as files, and the key set's path below the issuer.
func discoveryOf(c kube.Cluster) (document []byte, below string, err error) {
	issuer := strings.TrimSuffix(c.Issuer, "/")
	below = publishedKeys
	if rest, ok := strings.CutPrefix(c.JWKSURI, issuer+"/"); ok {
		below = "/" + rest
		if !filepath.IsLocal(filepath.FromSlash(rest)) || strings.ContainsAny(rest, "?#\\%") || strings.HasPrefix(rest, ".well-known/") {
			return nil, "", failure("Issuer", errors.New("the cluster's jwks_uri cannot be a file's path: "+c.JWKSURI), "set kube-apiserver's --service-account-jwks-uri")
		}
	}
	document, err = json.MarshalIndent(discoveryDocument{
		Issuer: c.Issuer, JWKSURI: issuer + below, ResponseTypes: []string{"id_token"}, SubjectTypes: []string{"public"},
		Algorithms: c.Algorithms, Claims: []string{"sub", "iss"},
	}, "", "  ")
	return document, below, err
}
