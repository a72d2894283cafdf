package webhook_test

import (
	"encoding/csv"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/webhook"
)

// naive is the injection written straight from the reference, on a decoded pod and without any care for speed or for
// bytes. It changes pod.
func naive(pod map[string]any, identity webhook.Identity, s webhook.Settings) {
	spec := pod["spec"].(map[string]any)
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	annotation := func(name string) (string, bool) {
		text, ok := annotations[s.AnnotationPrefix+"/"+name].(string)
		return text, ok
	}
	containers := identity.Method == webhook.ContainerCredentials

	// "Pod | token-expiration | beats the service account's and the flag; the same floor; a bad value leaves the
	// service account's"
	if text, ok := annotation("token-expiration"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			identity.Expiration = max(n, 600)
		}
	}
	if containers && identity.Expiration == 86400 {
		identity.Expiration -= identity.Jitter
	}
	extras := naiveExtras(identity.Extras, annotation)

	volume, mountPath, file := "aws-iam-token", s.TokenMountPath, "token"
	if containers {
		volume, mountPath, file = s.ContainerCredentials.VolumeName, s.ContainerCredentials.MountPath, s.ContainerCredentials.TokenPath
		if metadata == nil {
			metadata = map[string]any{}
			pod["metadata"] = metadata
		}
		labels, _ := metadata["labels"].(map[string]any)
		if labels == nil {
			labels = map[string]any{}
			metadata["labels"] = labels
		}
		labels["eks.amazonaws.com/pod-identity"] = "enabled"
	}
	selector, _ := spec["nodeSelector"].(map[string]any)
	windows := selector["kubernetes.io/os"] == "windows" || selector["beta.kubernetes.io/os"] == "windows"
	pathOf := func(directory, file string) string {
		p := path.Join(directory, file)
		if windows {
			return "C:" + strings.ReplaceAll(p, "/", `\`)
		}
		return p
	}

	// "created, or inserted at index 0; skipped if a volume with that name exists, whatever its kind"
	volumes, _ := spec["volumes"].([]any)
	if !names(volumes)[volume] {
		token := map[string]any{"audience": identity.Audience, "expirationSeconds": identity.Expiration, "path": file}
		projected := map[string]any{"sources": []any{map[string]any{"serviceAccountToken": token}}}
		volumes = append([]any{map[string]any{"name": volume, "projected": projected}}, volumes...)
		spec["volumes"] = volumes
	}
	if extras.CABundle.ConfigMap != "" && !names(volumes)["aws-ca-bundle"] {
		items := []any{map[string]any{"key": extras.CABundle.Key, "path": extras.CABundle.Key}}
		config := map[string]any{"name": extras.CABundle.ConfigMap, "items": items}
		spec["volumes"] = append(volumes, map[string]any{"name": "aws-ca-bundle", "configMap": config})
	}

	var skipped []string
	if text, ok := annotation("skip-containers"); ok {
		if record, err := csv.NewReader(strings.NewReader(text)).Read(); err == nil {
			skipped = record
		}
	}
	for _, list := range []string{"initContainers", "containers"} {
		all, _ := spec[list].([]any)
		for _, c := range all {
			container := c.(map[string]any)
			if name, _ := container["name"].(string); slices.Contains(skipped, name) {
				continue
			}
			naiveContainer(container, metadata, identity, extras, s, volume, mountPath, file, pathOf)
		}
	}
}

func naiveExtras(extras webhook.Extras, annotation func(string) (string, bool)) webhook.Extras {
	if text, ok := annotation("endpoint-url"); ok {
		extras.EndpointURL = text
	}
	if text, ok := annotation("sts-endpoint-url"); ok {
		extras.STSEndpointURL = text
	}
	if text, ok := annotation("ca-bundle-configmap"); ok {
		switch parts := strings.Split(text, "/"); {
		case text == "":
			extras.CABundle = webhook.Bundle{}
		case len(parts) == 1:
			extras.CABundle = webhook.Bundle{ConfigMap: text, Key: "ca.crt"}
		case len(parts) == 2 && parts[0] != "" && parts[1] != "":
			extras.CABundle = webhook.Bundle{ConfigMap: parts[0], Key: parts[1]}
		}
	}
	if text, ok := annotation("role-session-name"); ok {
		if on, err := strconv.ParseBool(text); err == nil {
			extras.SessionName = on
		}
	}
	return extras
}

func naiveContainer(container, metadata map[string]any, identity webhook.Identity, extras webhook.Extras, s webhook.Settings,
	volume, mountPath, file string, pathOf func(string, string) string) {
	env, _ := container["env"].([]any)
	mounts, _ := container["volumeMounts"].([]any)
	has := names(env)
	keys := []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}
	values := []string{identity.RoleARN, pathOf(mountPath, file)}
	if identity.Method == webhook.ContainerCredentials {
		keys = []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
		values[0] = s.ContainerCredentials.FullURI
	}
	credentials := has[keys[0]] || has[keys[1]]
	region := has["AWS_REGION"] || has["AWS_DEFAULT_REGION"]
	regional := has["AWS_STS_REGIONAL_ENDPOINTS"]
	// "A container that already has a credentials key, a region key and the STS key is left alone: no mount either"
	if credentials && region && regional {
		return
	}
	set := func(name, value string) { env = append(env, map[string]any{"name": name, "value": value}) }
	if identity.RegionalSTS && !regional {
		set("AWS_STS_REGIONAL_ENDPOINTS", "regional")
	}
	if s.Region != "" && !region {
		set("AWS_DEFAULT_REGION", s.Region)
		set("AWS_REGION", s.Region)
	}
	if !credentials {
		set(keys[0], values[0])
		set(keys[1], values[1])
	}
	if extras.EndpointURL != "" && !has["AWS_ENDPOINT_URL"] {
		set("AWS_ENDPOINT_URL", extras.EndpointURL)
	}
	if extras.STSEndpointURL != "" && !has["AWS_ENDPOINT_URL_STS"] {
		set("AWS_ENDPOINT_URL_STS", extras.STSEndpointURL)
	}
	mount := func(name, at string) {
		if !names(mounts)[name] {
			mounts = append(mounts, map[string]any{"name": name, "readOnly": true, "mountPath": at})
		}
	}
	mount(volume, mountPath)
	if extras.CABundle.ConfigMap != "" && !has["AWS_CA_BUNDLE"] {
		set("AWS_CA_BUNDLE", pathOf(s.CABundleMountPath, extras.CABundle.Key))
		mount("aws-ca-bundle", s.CABundleMountPath)
	}
	if extras.SessionName && identity.Method == webhook.WebIdentity && !has["AWS_ROLE_SESSION_NAME"] {
		if name := naiveSession(metadata, identity.Namespace); len(name) >= 2 {
			set("AWS_ROLE_SESSION_NAME", name)
		}
	}
	if len(env) > 0 {
		container["env"] = env
	}
	if len(mounts) > 0 {
		container["volumeMounts"] = mounts
	}
}

// naiveSession is "from namespace and pod name or generateName stem, cut to 64 valid characters".
func naiveSession(metadata map[string]any, namespace string) string {
	name, _ := metadata["name"].(string)
	if name == "" {
		stem, _ := metadata["generateName"].(string)
		name = strings.TrimRight(stem, "-")
	}
	const valid = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"
	var b strings.Builder
	for _, c := range []byte(namespace + "." + name) {
		if !strings.Contains(valid, string(rune(c))) {
			c = '-'
		}
		if b.Len() < 64 {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// names are the names in a list of objects.
func names(list []any) map[string]bool {
	found := map[string]bool{}
	for _, element := range list {
		if object, ok := element.(map[string]any); ok {
			if name, ok := object["name"].(string); ok {
				found[name] = true
			}
		}
	}
	return found
}
