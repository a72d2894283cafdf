package webhook

import (
	"encoding/json"
	"path"
	"strings"
)

// exchange is what an AWS SDK in a container asks of STS: for a role, by a token with that audience.
type exchange struct{ roleARN, audience string }

// mostExchanges bounds what is asked about one pod. Its containers have one exchange in common, unless somebody wrote
// others into it.
const mostExchanges = maxWarnings

// readExchanges reads from an admitted pod what its containers will ask of STS, each once, whoever put it there: by
// AWS_ROLE_ARN and the projected token to which AWS_WEB_IDENTITY_TOKEN_FILE leads. A container whose role or token
// cannot be told from the pod is left out: a variable from elsewhere or composed of others, a file that is no
// projected token, a token for the API server's own audience, which the pod does not name.
func readExchanges(raw []byte) ([]exchange, error) {
	var object struct{ Spec podTokens }
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	files := object.Spec.files()
	var exchanges []exchange
	seen := map[exchange]bool{}
	for _, containers := range [][]tokenUser{object.Spec.InitContainers, object.Spec.Containers} {
		for i := range containers {
			e, ok := containers[i].exchange(files)
			if ok && !seen[e] && len(exchanges) < mostExchanges {
				exchanges = append(exchanges, e)
			}
			seen[e] = true
		}
	}
	return exchanges, nil
}

// podTokens is what of a pod's spec says which tokens its containers find where.
type podTokens struct {
	Volumes []struct {
		Name      string
		Projected struct {
			Sources []struct {
				ServiceAccountToken struct{ Path, Audience string }
			}
		}
	}
	InitContainers, Containers []tokenUser
}

type tokenUser struct {
	Env []struct {
		Name, Value string
		ValueFrom   json.RawMessage
	}
	VolumeMounts []struct{ Name, MountPath, SubPath, SubPathExpr string }
}

// files are the audiences of the projected tokens, by volume and path in it.
func (p *podTokens) files() map[[2]string]string {
	files := map[[2]string]string{}
	for _, v := range p.Volumes {
		for _, source := range v.Projected.Sources {
			if token := source.ServiceAccountToken; token.Path != "" && token.Audience != "" {
				files[[2]string{v.Name, path.Clean(token.Path)}] = token.Audience
			}
		}
	}
	return files
}

// exchange is what the container asks, if it can be told. Of variables that are there twice the last counts, as for
// the kubelet.
func (c *tokenUser) exchange(files map[[2]string]string) (exchange, bool) {
	var role, file string
	for _, v := range c.Env {
		var into *string
		switch v.Name {
		case "AWS_ROLE_ARN":
			into = &role
		case "AWS_WEB_IDENTITY_TOKEN_FILE":
			into = &file
		default:
			continue
		}
		*into = v.Value
		if len(v.ValueFrom) > 0 && string(v.ValueFrom) != "null" || strings.Contains(v.Value, "$(") {
			*into = ""
		}
	}
	if role == "" || file == "" {
		return exchange{}, false
	}
	file = slashed(file)
	volume, within, longest := "", "", -1
	for _, m := range c.VolumeMounts {
		at := strings.TrimSuffix(slashed(m.MountPath), "/")
		rest, under := strings.CutPrefix(file, at+"/")
		if under && len(at) > longest && m.SubPathExpr == "" {
			volume, within, longest = m.Name, path.Join(m.SubPath, rest), len(at)
		}
	}
	audience, ok := files[[2]string{volume, within}]
	return exchange{role, audience}, ok
}

// slashed is a clean path, of Windows' too, with slashes.
func slashed(file string) string {
	if rest, windows := strings.CutPrefix(strings.ReplaceAll(file, `\`, "/"), "C:"); windows {
		file = rest
	}
	return path.Clean(file)
}
