package policy

import "strings"

// resourcePattern is one entry of Resource or NotResource, or an operand of an Arn operator, ready to match: an ARN whose
// parts, cut at the first five colons, are matched one by one, so that a * does not cross those colons. In the last part it
// crosses everything. Of Resource and NotResource, a * that ends a part runs on across colons (IAM User Guide, "IAM JSON policy
// elements: Resource"); of Arn operators it does not, since they check each part separately.
type resourcePattern struct {
	every  bool    // "*" alone
	exact  string  // the whole ARN, if it has neither wildcards nor variables
	prefix string  // what every match begins with
	rest   bool    // the pattern is prefix followed by *, in its last part
	parts  [6]glob // else: its parts
	count  int     // how many; with fewer than six, the last one matches all that is left of the ARN
	varied bool    // the last part has variables
	runsOn bool    // a part before the last ends in *, and may match more than one part
	text   string  // as written
}

// resource is a request's resource, with the places of the colons that part an ARN.
type resource struct {
	text   string
	colons [5]int32
	isARN  bool // begins with arn: and has the colons
}

func newResource(text string) (r resource) {
	r.read(text)
	return r
}

// read takes text apart; r is empty.
func (r *resource) read(text string) {
	r.text = text
	if !strings.HasPrefix(text, "arn:") {
		return
	}
	count := 0
	for i := range len(text) {
		if text[i] == ':' {
			r.colons[count] = int32(i)
			if count++; count == len(r.colons) {
				r.isARN = true
				return
			}
		}
	}
}

// part is the ARN's part i, from 0 for "arn" to 5 for the resource. Of what is no ARN it is empty.
func (r *resource) part(i int) string {
	tail := r.tail(i)
	if i < len(r.colons) && r.isARN {
		return tail[:len(tail)-len(r.text)+int(r.colons[i])]
	}
	return tail
}

// tail is the ARN from its part i on.
func (r *resource) tail(i int) string {
	switch {
	case !r.isARN:
		return ""
	case i == 0:
		return r.text
	}
	return r.text[r.colons[i-1]+1:]
}

// compileResource reads one entry. AWS asks for an ARN or "*", the service part written out, and variables in the last
// part only. A pattern with fewer than six parts must end in *, which then stands for the parts that are missing: AWS
// accepts arn:aws:s3:* and documents no meaning for other short forms.
func compileResource(place place, t text, variables bool) (resourcePattern, *Error) {
	if t.value == "*" {
		return resourcePattern{every: true, text: t.value}, nil
	}
	parts := strings.SplitN(t.value, ":", 6)
	if parts[0] != "arn" || len(parts) == 1 {
		return resourcePattern{}, place.errorf(t.offset, noARN(t.value, parts), `resource %q is neither an ARN nor "*"`, t.value)
	}
	p := resourcePattern{count: len(parts), text: t.value}
	if variables {
		for i, part := range parts[:min(5, len(parts))] {
			if strings.Contains(part, "${") {
				return p, place.errorf(t.offset, badResource, "resource %q: a variable may stand after the fifth colon only, this one is in part %d", t.value, i+1)
			}
		}
	}
	switch {
	case len(parts) > 2 && parts[2] == "":
		return p, place.errorf(t.offset, badResource, "resource %q has no service", t.value)
	case !isPartition(parts[1]):
		return p, place.errorf(t.offset, noARN(t.value, parts), "resource %q: there is no partition %q", t.value, parts[1])
	case len(parts) < 3 || strings.ContainsAny(parts[2], "*?"):
		return p, place.errorf(t.offset, badVendor, "resource %q: the service must be written out", t.value)
	case len(parts) < 6 && !strings.HasSuffix(t.value, "*"):
		return p, place.errorf(t.offset, badResource, "resource %q has %d of an ARN's six parts and does not end in *", t.value, len(parts))
	}
	if len(parts) == 6 {
		if err := checkService(place, t, parts); err != nil {
			return p, err
		}
	}
	// One piece of memory for all parts: a wildcard or variable is a piece, and so may be the text before it and at the part's end.
	spare := make(glob, 0, len(parts)+2*(strings.Count(t.value, "*")+strings.Count(t.value, "?")+strings.Count(t.value, "${")))
	for i, part := range parts {
		g, malformed := appendGlob(spare, part, true, variables && i == 5)
		if malformed != "" {
			return p, place.errorf(t.offset, badSyntax, "resource %q: %s", t.value, malformed)
		}
		p.parts[i], spare = g[:len(g):len(g)], g[len(g):]
	}
	p.varied = p.parts[p.count-1].hasVariables()
	for i := range p.count - 1 {
		p.runsOn = p.runsOn || p.parts[i].endsInRun()
	}
	p.simplify()
	return p, nil
}

// isPartition accepts patterns too.
func isPartition(text string) bool {
	_, ok := PartitionByID(text)
	return ok || strings.ContainsAny(text, "*?")
}

// noARN is IAM's sentence about what is no ARN of AWS. With a colon in it IAM takes it for one, whatever it begins with, and shows it as one.
func noARN(value string, parts []string) sentence {
	if len(parts) == 1 || isPartition(parts[1]) {
		return both(stageResource, `Resource %s must be in ARN format or "*".`, value)
	}
	shown := [6]string{"arn", parts[1], "*", "*", "*", "*"}
	copy(shown[2:], parts[2:])
	return both(stageResource, `Partition "%s" is not valid for resource "%s".`, parts[1], strings.Join(shown[:], ":"))
}

// checkService checks what IAM knows of the ARNs of two services: IAM's own have no region and begin with a type; S3's have a region where they have
// an account.
func checkService(place place, t text, parts []string) *Error {
	region := parts[3] != "" && !strings.ContainsAny(parts[3], "*?")
	switch service := parts[2]; {
	case service == "iam" && region:
		return place.errorf(t.offset, both(stageResource, "IAM resource %s cannot contain region information.", t.value), "resource %q: IAM has no regions", t.value)
	case service == "s3" && region && parts[4] == "":
		return place.errorf(t.offset, both(stageResource, "Resource %s can not contain region information.", t.value), "resource %q: the ARN of a bucket has no region", t.value)
	case service == "iam" && !isIAMPath(parts[5]):
		return place.errorf(t.offset, badIAMPath, "resource %q: IAM has nothing of that type", t.value)
	}
	return nil
}

func isIAMPath(path string) bool {
	if path == "*" || path == "root" {
		return true
	}
	kind, _, ok := strings.Cut(path, "/")
	switch kind {
	case "user", "federated-user", "role", "group", "instance-profile", "mfa", "server-certificate", "policy", "sms-mfa", "saml-provider",
		"oidc-provider", "report", "access-report":
		return ok
	}
	return false
}

// simplify finds the literal beginning of the pattern, and whether that is all there is to compare.
func (p *resourcePattern) simplify() {
	switch i := strings.IndexAny(p.text, "*?$"); {
	case i < 0:
		p.prefix, p.exact = p.text, p.text
		return
	case p.text[i] != '$': // no variable before it, which may be an escaped character
		p.prefix = p.text[:i]
		p.rest = p.text[i:] == "*"
		return
	}
	var prefix strings.Builder
	for i := range p.count {
		if i > 0 {
			prefix.WriteByte(':')
		}
		g := p.parts[i]
		for j := range g {
			if g[j].kind != literal {
				p.prefix = prefix.String()
				p.rest = i == p.count-1 && j == len(g)-1 && g[j].kind == anyRun
				return
			}
			prefix.WriteString(g[j].text)
		}
	}
	p.prefix = prefix.String()
	p.exact = p.prefix
}

func (p *resourcePattern) match(r *resource, e *evaluation) bool {
	e.left.spend(1 + len(p.prefix)/comparedPerStep)
	switch {
	case p.every:
		return true
	case !r.isARN:
		return false
	case p.exact != "":
		return p.exact == r.text
	case !strings.HasPrefix(r.text, p.prefix):
		return false
	case p.rest:
		return true
	}
	return p.matchParts(r, e)
}

// matchParts compares part by part and, of a pattern that runs on, then any way to divide an ARN with more colons than it has.
func (p *resourcePattern) matchParts(r *resource, e *evaluation) bool {
	last := p.parts[p.count-1]
	var buffer [16]piece
	if p.varied {
		var ok bool
		if last, ok = last.resolve(buffer[:0], e); !ok {
			return false
		}
	}
	matched := last.match(r.tail(p.count-1), false, &e.left)
	for i := 0; matched && i < p.count-1; i++ {
		matched = p.parts[i].match(r.part(i), false, &e.left)
	}
	return matched || p.runsOn && p.matchRunningOn(r.text, last, &e.left)
}

// matchRunningOn looks for parts of text, cut at every colon, that the pattern's parts match in order; after one that ends in * any number may be left
// out, and the last part of the pattern matches all that is left. As with any pattern of stars, only the latest one needs trying anew.
func (p *resourcePattern) matchRunningOn(text string, last glob, w *work) bool {
	retry, from := -1, 0 // after the latest *: the pattern's part, and where in text it was last tried
	for i, at := 0, 0; w.spend(1); {
		colon := strings.IndexByte(text[at:], ':')
		w.spend(max(0, colon) / comparedPerStep)
		switch {
		case i == p.count-1 && last.match(text[at:], false, w):
			return true
		case i < p.count-1 && colon >= 0 && p.parts[i].match(text[at:at+colon], false, w):
			at += colon + 1
			if i++; p.parts[i-1].endsInRun() {
				retry, from = i, at
			}
			continue
		}
		next := -1
		if retry >= 0 {
			next = strings.IndexByte(text[from:], ':')
		}
		if next < 0 {
			return false
		}
		from += next + 1
		i, at = retry, from
	}
	return false
}
