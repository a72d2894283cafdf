package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/trail"
)

// tokenRequest asks the embedded issuer for a service account's token. It crosses the admin socket as JSON.
type tokenRequest struct {
	Namespace      string        `json:"namespace"`
	ServiceAccount string        `json:"serviceAccount"`
	Pod            string        `json:"pod,omitempty"`
	Audiences      []string      `json:"audiences"`
	ExpiresIn      time.Duration `json:"expiresIn"` // nanoseconds; may be negative, for a token that is already expired
}

// tokenAnswer is what comes back, and what --output json prints.
type tokenAnswer struct {
	Token     string    `json:"token"`
	Issuer    string    `json:"issuer"`
	Subject   string    `json:"subject"`
	Audiences []string  `json:"audiences"`
	Expires   time.Time `json:"expirationTimestamp"`
}

func newTokenCommand(env environment, output *outputFormat) *cobra.Command {
	var request tokenRequest
	var data string
	command := &cobra.Command{
		Use:   "token",
		Short: "Mint a Kubernetes service account's token from the embedded issuer",
		Long: `token prints a token with the claims of a Kubernetes projected service account token, signed by the issuer that ` + "`irsa up`" + ` embeds.
It works while up runs and when it does not. Issuing is recorded in the trail.`,
		Example: `  irsa token --namespace shop --service-account app > token
  AWS_ROLE_ARN=arn:aws:iam::000000000000:role/app AWS_WEB_IDENTITY_TOKEN_FILE=token aws s3 ls s3://shop/`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := request.validate(); err != nil {
				return err
			}
			answer, err := askForToken(command.Context(), folder(data), request)
			if err != nil {
				return err
			}
			if *output == outputJSON {
				return printJSON(env, answer)
			}
			// A file gets exactly the token, as kubelet writes it: SDKs send what AWS_WEB_IDENTITY_TOKEN_FILE holds as it stands.
			end := ""
			if isTerminal(env.stdout) {
				end = "\n"
			}
			_, err = fmt.Fprint(env.stdout, answer.Token, end)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&request.Namespace, "namespace", "", "the service account's namespace (required)")
	flags.StringVar(&request.ServiceAccount, "service-account", "", "the service account's name (required)")
	flags.StringArrayVar(&request.Audiences, "audience", []string{"sts.amazonaws.com"}, "the token's audience (repeatable)")
	flags.DurationVar(&request.ExpiresIn, "expires-in", time.Hour, "lifetime; negative for a token that is already expired")
	flags.StringVar(&request.Pod, "pod", "", "name of the pod that the token is bound to")
	flags.StringVar(&data, "data", defaultFolder(env.getenv), "data folder of `irsa up`")
	return command
}

// Kubernetes' own rules: a namespace is an RFC 1123 label, a service account's or pod's name an RFC 1123 subdomain.
var (
	labelPattern     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	subdomainPattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
)

func (r tokenRequest) validate() error {
	switch {
	case !labelPattern.MatchString(r.Namespace):
		return failure("Namespace", fmt.Errorf("%q is not a namespace's name", r.Namespace), "--namespace takes lower-case letters, digits and '-', at most 63")
	case len(r.ServiceAccount) > 253 || !subdomainPattern.MatchString(r.ServiceAccount):
		return failure("ServiceAccount", fmt.Errorf("%q is not a service account's name", r.ServiceAccount), "--service-account takes lower-case letters, digits, '-' and '.', at most 253")
	case r.Pod != "" && (len(r.Pod) > 253 || !subdomainPattern.MatchString(r.Pod)):
		return failure("Pod", fmt.Errorf("%q is not a pod's name", r.Pod), "--pod takes lower-case letters, digits, '-' and '.', at most 253")
	case len(r.Audiences) == 0 || len(r.Audiences) > 10:
		return failure("Audience", errors.New("a token has 1 to 10 audiences"), "leave --audience out for sts.amazonaws.com")
	case r.ExpiresIn < -10*365*24*time.Hour || r.ExpiresIn > 10*365*24*time.Hour:
		return failure("ExpiresIn", errors.New("the lifetime is beyond ten years"), "for example --expires-in 1h")
	}
	for _, audience := range r.Audiences {
		if audience == "" || len(audience) > 1024 {
			return failure("Audience", errors.New("an audience has 1 to 1024 characters"), "leave --audience out for sts.amazonaws.com")
		}
	}
	return nil
}

// mint signs the token and records it; a token that cannot be recorded is not handed out.
func (s *state) mint(ctx context.Context, r tokenRequest, now time.Time) (tokenAnswer, error) {
	description := oidc.ServiceAccountToken{
		Namespace: r.Namespace, ServiceAccount: r.ServiceAccount, ServiceAccountUID: s.uid("serviceaccount", r.Namespace, r.ServiceAccount),
		Pod: r.Pod, Audiences: r.Audiences, IssuedAt: now, Lifetime: r.ExpiresIn, ID: newRequestID(),
	}
	if r.Pod != "" {
		description.PodUID = s.uid("pod", r.Namespace, r.Pod)
	}
	if r.ExpiresIn < 0 {
		// An expired token was once valid: it was issued before it expired.
		description.IssuedAt, description.Lifetime = now.Add(r.ExpiresIn-time.Hour), time.Hour
	}
	token, err := s.issuer.Sign(s.issuer.ServiceAccountClaims(description))
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("signing the token: %w", err)
	}
	answer := tokenAnswer{
		Token: token, Issuer: s.issuer.URL(), Subject: "system:serviceaccount:" + r.Namespace + ":" + r.ServiceAccount,
		Audiences: r.Audiences, Expires: now.Add(r.ExpiresIn).UTC().Truncate(time.Second),
	}
	err = s.trail.Record(ctx, trail.Event{
		Source: "openirsa", Name: "IssueServiceAccountToken", RequestID: newRequestID(), SourceIP: "openirsa.internal", UserAgent: "irsa token",
		Account: s.settings.Account, Category: trail.Management,
		UserIdentity:      trail.Identity{Type: "Operator", AccountID: s.settings.Account},
		RequestParameters: map[string]any{"namespace": r.Namespace, "serviceAccount": r.ServiceAccount, "pod": r.Pod, "audiences": r.Audiences, "expiresIn": r.ExpiresIn.String()},
		ResponseElements:  map[string]any{"subject": answer.Subject, "jti": description.ID, "expiration": answer.Expires},
	})
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("recording the token: %w", err)
	}
	return answer, nil
}

// uid is a stable UUID for an object of the pretended cluster: the same service account has the same uid in every token, as in a real one.
func (s *state) uid(kind, namespace, name string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{s.issuer.URL(), kind, namespace, name}, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562, version 8: made by rules of our own
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// askForToken lets a running plane mint the token, or does so itself when none runs.
func askForToken(ctx context.Context, f folder, r tokenRequest) (tokenAnswer, error) {
	answer, err := askRunningPlane(ctx, f, r)
	if !errors.Is(err, errNoPlane) {
		return answer, err
	}
	found, err := f.exists()
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("looking at the data folder: %w", err)
	}
	if !found {
		return tokenAnswer{}, failure("NoPlane", fmt.Errorf("no plane has been started in %s", f), "run `irsa up` first, or name its folder with --data")
	}
	s, err := openState(ctx, stateConfig{Folder: f})
	if err != nil {
		return tokenAnswer{}, err
	}
	answer, err = s.mint(ctx, r, time.Now())
	return answer, errors.Join(err, s.Close())
}

// errNoPlane: nobody listens on the admin socket.
var errNoPlane = errors.New("no plane is running")

func askRunningPlane(ctx context.Context, f folder, r tokenRequest) (tokenAnswer, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("encoding the request: %w", err)
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			path, release, err := socketPath(f.adminSocket())
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errNoPlane, err)
			}
			defer release()
			var dialer net.Dialer
			connection, err := dialer.DialContext(ctx, "unix", path)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errNoPlane, err)
			}
			return connection, nil
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://admin.openirsa.internal/token", bytes.NewReader(body))
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("making the request: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("asking the running plane: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("reading the running plane's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return tokenAnswer{}, fmt.Errorf("the running plane refused: %s", bytes.TrimSpace(content))
	}
	var answer tokenAnswer
	if err := json.Unmarshal(content, &answer); err != nil {
		return tokenAnswer{}, fmt.Errorf("decoding the running plane's answer: %w", err)
	}
	return answer, nil
}

// adminHandler answers on the admin socket. Whoever can open the socket owns the folder, and so the keys in it.
func (p *plane) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
		decoder.DisallowUnknownFields()
		var request tokenRequest
		if err := decoder.Decode(&request); err != nil {
			http.Error(w, "decoding the request: "+err.Error(), http.StatusBadRequest)
			return
		}
		if err := request.validate(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := p.mint(r.Context(), request, time.Now())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer) // a client that went away is no concern of the plane's
	})
	return mux
}

// listenAdmin makes DIR/admin.sock. The socket is born in a folder that only the owner can enter and moved to its place once its
// mode is right, so that there is no moment in which others could open it. A socket left behind by a killed plane is replaced;
// the store's lock says that no other plane is using it.
func listenAdmin(f folder) (net.Listener, error) {
	nursery, err := os.MkdirTemp(string(f), ".socket-")
	if err != nil {
		return nil, fmt.Errorf("making the admin socket: %w", err)
	}
	defer os.RemoveAll(nursery)
	born := filepath.Join(nursery, "s")
	path, release, err := socketPath(born)
	if err != nil {
		return nil, fmt.Errorf("making the admin socket: %w", err)
	}
	defer release()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the admin socket: %w", err)
	}
	listener.SetUnlinkOnClose(false) // it would unlink the path that it was born under
	if err := errors.Join(os.Chmod(born, 0o600), os.Rename(born, f.adminSocket())); err != nil {
		listener.Close()
		return nil, fmt.Errorf("making the admin socket: %w", err)
	}
	return listener, nil
}

// maxSocketPath is below sun_path's size on every supported platform (104 on the BSDs and macOS, 108 on Linux).
const maxSocketPath = 100

// socketPath gives a path to a socket that fits into the kernel's small field for it: the path itself, or one through a
// descriptor of its folder, which release closes.
func socketPath(path string) (short string, release func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", directory.Fd(), filepath.Base(path)), func() { directory.Close() }, nil
}
