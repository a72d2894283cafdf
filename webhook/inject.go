package webhook

import (
	"encoding/csv"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// The names that are injected, which peers and applications know.
const (
	tokenVolume      = "aws-iam-token"
	tokenFile        = "token"
	bundleVolume     = "aws-ca-bundle"
	podIdentityLabel = "eks.amazonaws.com/pod-identity" // whatever the annotation prefix is
	skipLabel        = "skip-pod-identity-webhook"      // by which webhook configurations leave a pod out
)

// The annotations of accounts and pods, behind "<prefix>/". Those of the second group are OpenIRSA's own.
const (
	annotationRole        = "role-arn"
	annotationAudience    = "audience"
	annotationRegionalSTS = "sts-regional-endpoints"
	annotationExpiration  = "token-expiration"
	annotationSkip        = "skip-containers"

	annotationEndpoint    = "endpoint-url"
	annotationSTSEndpoint = "sts-endpoint-url"
	annotationBundle      = "ca-bundle-configmap"
	annotationSessionName = "role-session-name"
)

// Expirations, in seconds. The API server refuses a projected token of less than ten minutes
// (https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/#projections).
const (
	minExpiration     = 600
	defaultExpiration = 86400
	maxJitter         = 7200 // 86400 becomes 79200 to 86400
)

// maxSessionName is what AssumeRoleWithWebIdentity takes as RoleSessionName: 2 to 64 of [\w+=,.@-]
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html).
const maxSessionName = 64

// Method is how a pod's AWS SDK comes to credentials.
type Method int

const (
	WebIdentity          Method = iota // a token and a role, exchanged at STS: IRSA
	ContainerCredentials               // a token alone, exchanged at the node's agent: EKS Pod Identity
)

// String is the method's name as amazon-eks-pod-identity-webhook's metric has it.
func (m Method) String() string {
	if m == ContainerCredentials {
		return "container_credentials"
	}
	return "sts_web_identity"
}

// Identity is who the pods of a service account are to AWS.
type Identity struct {
	Method      Method
	Namespace   string // of the pod, for its session's name
	RoleARN     string // of WebIdentity
	Audience    string
	Expiration  int64 // of the token, in seconds
	RegionalSTS bool
	Extras      Extras
	// Jitter is taken off the expiration of ContainerCredentials where that is the default of 86400 seconds, so that
	// a cluster's pods do not all ask for new tokens at once. It is random, and so the caller's: 0 to 7200 seconds.
	Jitter int64
}

// Inject returns the patch that gives a pod its identity, as what amazon-eks-pod-identity-webhook injects. The patch
// only adds: whatever it does not name survives byte for byte, and for a pod that has it all it is empty, so that
// applying it twice changes nothing. The pod's own annotations are heeded here, since they beat those of its account.
// Settings must be Complete.
//
// It fails with a SyntaxError on text that is not a pod, is longer than MaxPod, has more than MaxContainers, or names
// a member that counts twice, and on a pod that would be patched by more than MaxPatch.
func Inject(pod []byte, identity Identity, settings Settings) (Patch, error) {
	p, err := readPod(pod, &settings)
	if err != nil {
		return nil, err
	}
	if !p.spec {
		return nil, &SyntaxError{1, 1, "the pod has no spec"}
	}
	return p.inject(identity, &settings)
}

// injection is what one pod's containers get.
type injection struct {
	regionalSTS, defaultRegion, region []byte // environment variables as JSON; nil: not wanted
	credentials                        [2][]byte
	credentialBits                     uint32
	extras                             []extra
	volume                             uint32
	mount                              []byte
	bundle, bundleMount                []byte // AWS_CA_BUNDLE and its mount
}

// extra is a variable that is added where it is absent.
type extra struct {
	bit   uint32
	value []byte
}

func (p *pod) inject(identity Identity, settings *Settings) (Patch, error) {
	p.override(&identity)
	in := p.injection(&identity, settings)
	patch := make(Patch, 0, 4+3*(len(p.init)+len(p.main)))
	if identity.Method == ContainerCredentials {
		p.label(&patch)
	}
	p.addVolumes(&patch, &identity, settings)
	skipped, size := p.skipped(), patch.size()
	for _, group := range []struct {
		path       string
		containers []container
	}{{"/spec/initContainers/", p.init}, {"/spec/containers/", p.main}} {
		for i := range group.containers {
			if c := &group.containers[i]; !skipped[c.name] {
				before := len(patch)
				in.add(&patch, group.path+strconv.Itoa(i), c)
				size += patch[before:].size()
			}
			if size > MaxPatch { // before the next container takes as much again
				return nil, &SyntaxError{1, 1, fmt.Sprintf("the pod would be patched by more than %d bytes; "+
					"an annotation of it or of its account is too long for so many containers", MaxPatch)}
			}
		}
	}
	return patch, nil
}

// override lets the pod's annotations beat the account's. What does not parse leaves the account's.
func (p *pod) override(identity *Identity) {
	identity.Expiration = expiration(p.annotations, identity.Expiration)
	identity.Extras = identity.Extras.override(p.annotations)
	if identity.Method == ContainerCredentials && identity.Expiration == defaultExpiration {
		identity.Expiration -= min(max(identity.Jitter, 0), maxJitter)
	}
}

// expiration reads the annotation of that name: whole seconds, raised to ten minutes.
func expiration(annotations map[string]string, fallback int64) int64 {
	text, ok := annotations[annotationExpiration]
	if !ok {
		return fallback
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fallback
	}
	return max(seconds, minExpiration)
}

// override returns the extras with what annotations say in their place.
func (e Extras) override(annotations map[string]string) Extras {
	if len(annotations) == 0 {
		return e
	}
	if url, ok := annotations[annotationEndpoint]; ok {
		e.EndpointURL = url
	}
	if url, ok := annotations[annotationSTSEndpoint]; ok {
		e.STSEndpointURL = url
	}
	if text, ok := annotations[annotationBundle]; ok {
		if bundle, err := ParseBundle(text); err == nil {
			e.CABundle = bundle
		}
	}
	if wanted, err := strconv.ParseBool(annotations[annotationSessionName]); err == nil {
		e.SessionName = wanted
	}
	return e
}

// skipped are the containers that the pod wants left alone: the first record of a CSV text, as encoding/csv reads it;
// none if it cannot.
func (p *pod) skipped() map[string]bool {
	text, ok := p.annotations[annotationSkip]
	if !ok {
		return nil
	}
	names, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil
	}
	skipped := map[string]bool{} // a list of a million names times a thousand containers would take seconds
	for _, name := range names {
		skipped[name] = true
	}
	return skipped
}

// injection writes what the containers get, once for all of them.
func (p *pod) injection(identity *Identity, settings *Settings) *injection {
	in := &injection{}
	if identity.RegionalSTS {
		in.regionalSTS = variable("AWS_STS_REGIONAL_ENDPOINTS", "regional")
	}
	if settings.Region != "" {
		in.defaultRegion = variable("AWS_DEFAULT_REGION", settings.Region)
		in.region = variable("AWS_REGION", settings.Region)
	}
	if c := settings.ContainerCredentials; identity.Method == ContainerCredentials {
		in.credentials = [2][]byte{
			variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", c.FullURI),
			variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", p.file(c.MountPath, c.TokenPath)),
		}
		in.credentialBits = envFullURI | envAuthorizationFile
		in.volume, in.mount = volumeContainer, mount(c.VolumeName, c.MountPath)
	} else {
		in.credentials = [2][]byte{
			variable("AWS_ROLE_ARN", identity.RoleARN),
			variable("AWS_WEB_IDENTITY_TOKEN_FILE", p.file(settings.TokenMountPath, tokenFile)),
		}
		in.credentialBits = envRoleARN | envTokenFile
		in.volume, in.mount = volumeToken, mount(tokenVolume, settings.TokenMountPath)
	}
	p.addExtras(in, identity, settings)
	return in
}

func (p *pod) addExtras(in *injection, identity *Identity, settings *Settings) {
	extras := identity.Extras
	if extras.EndpointURL != "" {
		in.extras = append(in.extras, extra{envEndpoint, variable("AWS_ENDPOINT_URL", extras.EndpointURL)})
	}
	if extras.STSEndpointURL != "" {
		in.extras = append(in.extras, extra{envSTSEndpoint, variable("AWS_ENDPOINT_URL_STS", extras.STSEndpointURL)})
	}
	if extras.CABundle != (Bundle{}) {
		in.bundle = variable("AWS_CA_BUNDLE", p.file(settings.CABundleMountPath, extras.CABundle.Key))
		in.bundleMount = mount(bundleVolume, settings.CABundleMountPath)
		in.extras = append(in.extras, extra{envCABundle, in.bundle})
	}
	if extras.SessionName && identity.Method == WebIdentity {
		if name := p.sessionName(identity.Namespace); name != "" {
			in.extras = append(in.extras, extra{envSessionName, variable("AWS_ROLE_SESSION_NAME", name)})
		}
	}
}

// add patches one container, whose JSON Pointer is at.
func (in *injection) add(patch *Patch, at string, c *container) {
	const regions = envDefaultRegion | envRegion
	if c.env&in.credentialBits != 0 && c.env&regions != 0 && c.env&envRegionalSTS != 0 {
		return
	}
	env := make([][]byte, 0, 9)
	if in.regionalSTS != nil && c.env&envRegionalSTS == 0 {
		env = append(env, in.regionalSTS)
	}
	if in.region != nil && c.env&regions == 0 {
		env = append(env, in.defaultRegion, in.region)
	}
	if c.env&in.credentialBits == 0 {
		env = append(env, in.credentials[0], in.credentials[1])
	}
	for _, e := range in.extras {
		if c.env&e.bit == 0 {
			env = append(env, e.value)
		}
	}
	patch.appendTo(at+"/env", c.hasEnv, env)
	mounts := make([][]byte, 0, 2)
	if c.mounts&in.volume == 0 {
		mounts = append(mounts, in.mount)
	}
	if in.bundle != nil && c.env&envCABundle == 0 && c.mounts&volumeBundle == 0 {
		mounts = append(mounts, in.bundleMount)
	}
	patch.appendTo(at+"/volumeMounts", c.hasMounts, mounts)
}

// label marks the pod as EKS does, for the tools that look for it.
func (p *pod) label(patch *Patch) {
	const enabled = "enabled"
	labels := object(member{podIdentityLabel, enabled})
	switch {
	case p.identityLabel == enabled:
	case p.labels:
		patch.add("/metadata/labels/"+escapePointer(podIdentityLabel), appendString(nil, enabled))
	case p.metadata:
		patch.add("/metadata/labels", labels)
	default:
		patch.add("/metadata", object(member{"labels", labels}))
	}
}

// addVolumes puts the token's volume before all others and the certificates' behind them.
func (p *pod) addVolumes(patch *Patch, identity *Identity, settings *Settings) {
	bit, name, file := volumeToken, tokenVolume, tokenFile
	if identity.Method == ContainerCredentials {
		bit, name, file = volumeContainer, settings.ContainerCredentials.VolumeName, settings.ContainerCredentials.TokenPath
	}
	exists := p.hasVolumes
	if p.volumes&bit == 0 {
		token := object(member{"audience", identity.Audience}, member{"expirationSeconds", identity.Expiration},
			member{"path", file})
		sources := list(object(member{"serviceAccountToken", token}))
		volume := object(member{"name", name}, member{"projected", object(member{"sources", sources})})
		if exists {
			patch.add("/spec/volumes/0", volume)
		} else {
			patch.add("/spec/volumes", list(volume))
		}
		exists = true
	}
	if bundle := identity.Extras.CABundle; bundle != (Bundle{}) && p.volumes&volumeBundle == 0 {
		items := list(object(member{"key", bundle.Key}, member{"path", bundle.Key}))
		source := object(member{"name", bundle.ConfigMap}, member{"items", items})
		patch.appendTo("/spec/volumes", exists, [][]byte{object(member{"name", bundleVolume}, member{"configMap", source})})
	}
}

// file is the path of a file under a mount, as the pod's operating system has it.
func (p *pod) file(mountPath, name string) string {
	file := path.Join(mountPath, name)
	if p.windows {
		return "C:" + strings.ReplaceAll(file, "/", `\`)
	}
	return file
}

// sessionName is namespace.name in the characters and the length that STS takes; the stem of its generated name where
// the pod has none yet.
func (p *pod) sessionName(namespace string) string {
	name := p.name
	if name == "" {
		name = strings.TrimRight(p.generateName, "-")
	}
	text := []byte(namespace + "." + name)
	for i, c := range text {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("_+=,.@-", c) >= 0) {
			text[i] = '-'
		}
	}
	text = text[:min(len(text), maxSessionName)]
	if len(text) < 2 {
		return ""
	}
	return string(text)
}

func variable(name, value string) []byte {
	return object(member{"name", name}, member{"value", value})
}

func mount(volume, path string) []byte {
	return object(member{"name", volume}, member{"readOnly", true}, member{"mountPath", path})
}
