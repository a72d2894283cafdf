package admission

import (
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
)

// deviate makes of the peer's answer what docs/webhook.md ("Other than the peer") says that ours is, and names what it changed.
func (c *configuration) deviate(r review, ours outcome, peer *outcome) (names []string) {
	if ours.err != nil || peer.err != nil {
		return nil
	}
	if patch := string(peer.response.Patch); (patch == "" || patch == "null") && c.reserved(&peer.pod) {
		peer.pod = ours.pod
		return []string{"a volume of the token's name that is none of the peer's"}
	}
	if token := tokenOf(&peer.pod); token != nil && c.fromMap(r.namespace, peer.pod.Spec.ServiceAccountName) {
		if token.Audience == "" {
			token.Audience = c.flag("--token-audience", "sts.amazonaws.com")
			names = append(names, "an entry of the ConfigMap without an audience")
		}
		if *token.ExpirationSeconds < 600 {
			*token.ExpirationSeconds = 600
			names = append(names, "an entry of the ConfigMap with an expiration below 600")
		}
	}
	return names
}

// reserved tells whether a pod has a volume of a token's name, which some versions of the peer leave alone with all the pod.
func (c *configuration) reserved(pod *core.Pod) bool {
	names := []string{"aws-iam-token", c.flag("--container-credentials-token-volume-name", "eks-pod-identity-token")}
	return slices.ContainsFunc(pod.Spec.Volumes, func(v core.Volume) bool { return slices.Contains(names, v.Name) })
}

// fromMap tells whether an account has no role of its own.
func (c *configuration) fromMap(namespace, name string) bool {
	for _, account := range c.cluster.accounts {
		if account.Namespace == namespace && account.Name == name {
			return account.Annotations[c.prefix+"/role-arn"] == ""
		}
	}
	return true
}

// flag is the value that a flag is given, or its default.
func (c *configuration) flag(name, value string) string {
	for _, flag := range c.flags {
		if given, ok := strings.CutPrefix(flag, name+"="); ok {
			value = given
		}
	}
	return value
}

// tokenOf is the token of the volume that an injection adds, and nil where there is none.
func tokenOf(pod *core.Pod) *core.ServiceAccountTokenProjection {
	if len(pod.Spec.Volumes) == 0 {
		return nil
	}
	if first := pod.Spec.Volumes[0]; first.Name == "aws-iam-token" && first.Projected != nil && len(first.Projected.Sources) == 1 {
		return first.Projected.Sources[0].ServiceAccountToken
	}
	return nil
}
