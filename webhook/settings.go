package webhook

import (
	"fmt"
	"strings"
)

// Settings are the flags that decide what is injected. Complete fills in what is left empty.
type Settings struct {
	AnnotationPrefix     string // default eks.amazonaws.com
	Audience             string // default sts.amazonaws.com
	TokenMountPath       string // default /var/run/secrets/eks.amazonaws.com/serviceaccount
	Expiration           int64  // of tokens, in seconds; default 86400, at least 600
	Region               string // injected where a container has none; empty: not
	RegionalSTS          bool   // AWS_STS_REGIONAL_ENDPOINTS=regional
	Compose              *Compose
	ContainerCredentials ContainerSettings

	Extras            Extras // what every injected pod gets whose account and own annotations say nothing else
	CABundleMountPath string // default /var/run/configs/aws-ca-bundle
}

// ContainerSettings say how EKS Pod Identity's agent is reached. The defaults are EKS's.
type ContainerSettings struct {
	Audience   string // default pods.eks.amazonaws.com
	MountPath  string // default /var/run/secrets/pods.eks.amazonaws.com/serviceaccount
	VolumeName string // default eks-pod-identity-token
	TokenPath  string // default eks-pod-identity-token
	FullURI    string // default http://169.254.170.23/v1/credentials
}

// Compose makes an ARN of a role annotation that is a role's name or path and name alone.
type Compose struct{ Partition, Account string }

// Extras are what amazon-eks-pod-identity-webhook does not inject. Each is left out where it is empty, and never
// overwrites.
type Extras struct {
	EndpointURL    string // AWS_ENDPOINT_URL
	STSEndpointURL string // AWS_ENDPOINT_URL_STS
	CABundle       Bundle // AWS_CA_BUNDLE, with its volume
	SessionName    bool   // AWS_ROLE_SESSION_NAME, from the pod's namespace and name
}

// Bundle names certificates in a ConfigMap of the pod's namespace.
type Bundle struct{ ConfigMap, Key string }

// ParseBundle reads "name" or "name/key". The key is ca.crt by default, as in the ConfigMap kube-root-ca.crt that
// Kubernetes itself makes.
func ParseBundle(text string) (Bundle, error) {
	name, key, keyed := strings.Cut(text, "/")
	if !keyed {
		key = "ca.crt"
	}
	switch {
	case text == "":
		return Bundle{}, nil
	case name == "" || key == "" || strings.Contains(key, "/") || len(text) > 2*253+1:
		return Bundle{}, fmt.Errorf("%q is not a ConfigMap's name or name/key", text)
	}
	return Bundle{name, key}, nil
}

// Complete returns the settings with the defaults where they say nothing.
func (s Settings) Complete() Settings {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&s.AnnotationPrefix, "eks.amazonaws.com"},
		{&s.Audience, "sts.amazonaws.com"},
		{&s.TokenMountPath, "/var/run/secrets/eks.amazonaws.com/serviceaccount"},
		{&s.CABundleMountPath, "/var/run/configs/aws-ca-bundle"},
		{&s.ContainerCredentials.Audience, "pods.eks.amazonaws.com"},
		{&s.ContainerCredentials.MountPath, "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"},
		{&s.ContainerCredentials.VolumeName, "eks-pod-identity-token"},
		{&s.ContainerCredentials.TokenPath, "eks-pod-identity-token"},
		{&s.ContainerCredentials.FullURI, "http://169.254.170.23/v1/credentials"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if s.Expiration == 0 {
		s.Expiration = defaultExpiration
	}
	s.Expiration = max(s.Expiration, minExpiration)
	return s
}
