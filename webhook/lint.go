package webhook

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Unannotated says which workloads are warned of whose service account names no role. Most workloads need none, so
// that a warning for each would teach people to read past all of them.
type Unannotated string

const (
	UnannotatedOff    Unannotated = "off"
	UnannotatedIntent Unannotated = "intent" // those that look as if they wanted one: the default
	UnannotatedAll    Unannotated = "all"
)

func (u Unannotated) valid() bool {
	return u == "" || u == UnannotatedOff || u == UnannotatedIntent || u == UnannotatedAll
}

// LintAccount says what in a service account's annotations, all of them, will not do what it seems to. It needs no
// plane. Settings must be Complete.
func LintAccount(annotations map[string]string, settings Settings) []Warning {
	prefix := settings.AnnotationPrefix + "/"
	var warnings []Warning
	role := annotations[prefix+annotationRole]
	if role != "" {
		warnings = append(warnings, warnRole(settings.compose(role))...)
	}
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if meant := meantKey(key, prefix, role != ""); meant != "" {
			warnings = append(warnings, warn("A02", "annotation %s is not read; %s is.", quote(key), meant))
		}
	}
	warnings = append(warnings, lintExpiration(annotations[prefix+annotationExpiration])...)
	for _, name := range []string{annotationRegionalSTS, annotationSessionName} {
		text, ok := annotations[prefix+name]
		if _, err := strconv.ParseBool(text); ok && err != nil {
			warnings = append(warnings, warn("", "annotation %s is ignored: %s is neither true nor false.",
				prefix+name, quote(text)))
		}
	}
	return append(warnings, lintBundle(prefix, annotations[prefix+annotationBundle])...)
}

func lintBundle(prefix, text string) []Warning {
	if _, err := ParseBundle(text); err != nil {
		return []Warning{warn("", "annotation %s is ignored: %s is not a ConfigMap's name or name/key.",
			prefix+annotationBundle, quote(text))}
	}
	return nil
}

func lintExpiration(text string) []Warning {
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return []Warning{warn("A14", "token-expiration %s is ignored: it is not a whole number of seconds.",
			quote(text))}
	case seconds < minExpiration:
		return []Warning{warn("A14", "token-expiration %d is raised to %d seconds, which is Kubernetes' least.",
			seconds, minExpiration)}
	}
	return nil
}

// meantKey is the annotation that somebody meant by a key that is not read, or empty. A key under the prefix is
// compared with those that are read; any other only with the role's, and only where that is missing: older tools have
// keys of their own, which may well stand beside it.
func meantKey(key, prefix string, hasRole bool) string {
	if name, ours := strings.CutPrefix(key, prefix); ours {
		read := []string{annotationRole, annotationAudience, annotationRegionalSTS, annotationExpiration,
			annotationEndpoint, annotationSTSEndpoint, annotationBundle, annotationSessionName}
		if slices.Contains(read, name) {
			return ""
		}
		for _, known := range read {
			if near(name, known, 2) {
				return prefix + known
			}
		}
		return ""
	}
	domain, name, _ := strings.Cut(key, "/")
	domain = strings.ToLower(domain)
	aws := strings.Contains(domain, "aws") || strings.Contains(domain, "amazon")
	switch {
	case hasRole:
		return ""
	case key == "iam.amazonaws.com/role", aws && near(name, annotationRole, 2), near(key, prefix+annotationRole, 2):
		return prefix + annotationRole
	}
	return ""
}

// near tells whether a and b, in whatever case, are at most that many insertions, deletions and substitutions apart
// (Levenshtein).
func near(a, b string, most int) bool {
	if len(a) > len(b)+most || len(b) > len(a)+most {
		return false
	}
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)] <= most
}

// LintPod says the same of a pod or a workload's pod template, whose account's pods are identity's if injected.
// Settings must be Complete.
func LintPod(raw []byte, identity Identity, injected bool, settings Settings) ([]Warning, error) {
	p, err := readPod(raw, &settings)
	if err != nil {
		return nil, err
	}
	warnings := p.lintAnnotations(&settings)
	if injected && identity.Method == WebIdentity {
		warnings = append(warnings, p.lintInjected(raw)...)
	}
	return warnings, nil
}

// lintAnnotations says which annotations of a pod will not do what they seem to.
func (p *pod) lintAnnotations(settings *Settings) []Warning {
	prefix := settings.AnnotationPrefix + "/"
	var warnings []Warning
	if _, misplaced := p.annotations[annotationRole]; misplaced {
		warnings = append(warnings, warn("A02", "%s is read from the service account, not from its pods.",
			prefix+annotationRole))
	}
	warnings = append(warnings, lintExpiration(p.annotations[annotationExpiration])...)
	warnings = append(warnings, p.lintSkip(prefix)...)
	return append(warnings, lintBundle(prefix, p.annotations[annotationBundle])...)
}

// lintInjected says what of a pod with a role keeps its containers from it.
func (p *pod) lintInjected(raw []byte) []Warning {
	warnings := p.lintEnv()
	if p.volumes&volumeToken != 0 && !hasTokenVolume(raw) {
		warnings = append(warnings, warn("W06", "the volume %s is not a projected token with the path %s; "+
			"the role's token will not be where it is looked for.", tokenVolume, tokenFile))
	}
	return warnings
}

// lintSkip looks for names of containers that there are not (W03).
func (p *pod) lintSkip(prefix string) []Warning {
	text, ok := p.annotations[annotationSkip]
	if !ok {
		return nil
	}
	if _, err := csv.NewReader(strings.NewReader(text)).Read(); err != nil {
		return []Warning{warn("W03", "%s skips no container: %s is not a list of comma-separated names.",
			prefix+annotationSkip, quote(text))}
	}
	var warnings []Warning
	absent := p.skipped()
	for _, c := range slices.Concat(p.init, p.main) {
		delete(absent, c.name)
	}
	for _, name := range slices.Sorted(maps.Keys(absent)) {
		if len(warnings) == maxWarnings {
			break
		}
		warnings = append(warnings, warn("W03", "%s names %s, which is no container of this pod.",
			prefix+annotationSkip, quote(name)))
	}
	return warnings
}

// lintEnv looks for containers, not skipped, that have one of the two variables that make a role (W05).
func (p *pod) lintEnv() []Warning {
	var warnings []Warning
	skipped := p.skipped()
	for _, c := range slices.Concat(p.init, p.main) {
		if skipped[c.name] {
			continue
		}
		has, lacks := "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"
		switch c.env & (envRoleARN | envTokenFile) {
		case envTokenFile:
			has, lacks = lacks, has
		case envRoleARN:
		default:
			continue
		}
		warnings = append(warnings, warn("W05", "container %s sets %s itself, so that %s is not injected and it has no role.",
			quote(c.name), has, lacks))
	}
	return warnings
}

// hasTokenVolume tells whether the token's volume holds what Inject would put there, whatever the audience.
func hasTokenVolume(raw []byte) bool {
	var pod struct {
		Spec struct {
			Volumes []struct {
				Name      string
				Projected struct {
					Sources []struct{ ServiceAccountToken struct{ Path string } }
				}
			}
		}
	}
	if json.Unmarshal(raw, &pod) != nil {
		return true // not what this is about
	}
	for _, v := range pod.Spec.Volumes {
		for _, source := range v.Projected.Sources {
			if v.Name == tokenVolume && source.ServiceAccountToken.Path == tokenFile {
				return true
			}
		}
	}
	return false
}

// wantsRole tells whether a pod looks as if it wanted a role: it has an annotation that only matters with one, or a
// container that is told AWS's region or is the AWS CLI, and is given no credentials that could be seen. Credentials
// in an envFrom cannot be.
func (p *pod) wantsRole() bool {
	for _, name := range []string{annotationRole, annotationExpiration, annotationSkip, annotationSTSEndpoint,
		annotationSessionName} {
		if _, ok := p.annotations[name]; ok {
			return true
		}
	}
	const (
		speaks      = envRegion | envDefaultRegion | envRegionalSTS | envSTSEndpoint
		credentials = envRoleARN | envTokenFile | envFullURI | envAuthorizationFile | envAccessKey | envProfile
	)
	return slices.ContainsFunc(slices.Concat(p.init, p.main), func(c container) bool {
		return (c.awsCLI || c.env&speaks != 0) && c.env&credentials == 0 && !c.envFrom
	})
}

// warnUnannotated says that a workload's account names no role (A01), and how to name one.
func warnUnannotated(namespace, account string, missing bool, settings *Settings) Warning {
	if missing {
		return warn("A01", "service account %s does not exist, so its pods get no AWS role. "+
			"Create and annotate it before them.",
			quote(account))
	}
	for _, name := range []string{namespace, account} { // a command is there to be copied, and a mutating review's names are unproven
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
			return warn("A01", "service account %s names no role, so its pods get none.", quote(account))
		}
	}
	return warn("A01", "service account %s names no role, so its pods get none: "+
		"kubectl -n %s annotate sa %s %s/%s=arn:…, then restart them.",
		quote(account), namespace, account, settings.AnnotationPrefix, annotationRole)
}
