package awsmodel

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// pattern is a form of ARN in the Service Authorization Reference:
// arn:${Partition}:eks:${Region}:${Account}:addon/${ClusterName}/${AddonName}/${UUID}.
type pattern struct {
	service, region, account string
	resource                 []piece
}

// piece is a part of a pattern's resource: text, or a name in braces that something has to be put in for.
type piece struct{ text, name string }

func readPattern(form string) (pattern, bool) {
	arn, err := policy.ParseARN(form)
	if err != nil {
		return pattern{}, false
	}
	p := pattern{service: arn.Service, region: arn.Region, account: arn.Account}
	for rest := arn.Resource; rest != ""; {
		text, after, open := strings.Cut(rest, "${")
		if text != "" {
			p.resource = append(p.resource, piece{text: text})
		}
		if !open {
			break
		}
		name, after, _ := strings.Cut(after, "}")
		p.resource = append(p.resource, piece{name: name})
		rest = after
	}
	return p, true
}

// pattern is readPattern for a form of the table, once.
func (r *Reference) pattern(form string) (pattern, bool) {
	if p, known := r.patterns.Load(form); known {
		return p.(pattern), true
	}
	p, ok := readPattern(form)
	if ok {
		r.patterns.Store(form, p)
	}
	return p, ok
}

// names returns the names in braces, in their order.
func (p pattern) names() []string {
	var names []string
	for _, piece := range p.resource {
		if piece.name != "" {
			names = append(names, piece.name)
		}
	}
	return names
}

// literal is how much of the pattern's resource is text: of two that an ARN fits, the one with more says more.
func (p pattern) literal() int {
	n := 0
	for _, piece := range p.resource {
		n += len(piece.text)
	}
	return n
}

// fits tells whether an ARN has the pattern's form. What stands for a name holds no colon, and no slash unless it is the last: paths are
// at the end of ARNs.
func (p pattern) fits(arn policy.ARN) bool {
	return arn.Service == p.service && (arn.Region == "") == (p.region == "") && fits(p.resource, arn.Resource)
}

func fits(pieces []piece, text string) bool {
	if len(pieces) == 0 {
		return text == ""
	}
	first, rest := pieces[0], pieces[1:]
	if first.text != "" {
		after, found := strings.CutPrefix(text, first.text)
		return found && fits(rest, after)
	}
	if len(rest) == 0 {
		return text != "" && !strings.Contains(text, ":")
	}
	for end := 1; end <= len(text) && text[end-1] != ':' && text[end-1] != '/'; end++ {
		if fits(rest, text[end:]) {
			return true
		}
	}
	return false
}

// fill puts values in for the pattern's names, and "*" where there is none; whole tells that there were all. A part of the place that the
// pattern asks for and does not know is "*" too.
func (p pattern) fill(place Place, values map[string]string) (arn string, whole bool) {
	var resource strings.Builder
	whole = true
	for _, piece := range p.resource {
		switch value, known := values[piece.name]; {
		case piece.name == "":
			resource.WriteString(piece.text)
		case known:
			resource.WriteString(value)
		default:
			resource.WriteByte('*')
			whole = false
		}
	}
	filled := policy.ARN{Partition: place.Partition, Service: p.service, Region: p.region, Account: p.account, Resource: resource.String()}
	switch {
	case p.region == "${Region}":
		filled.Region = place.Region
	case strings.HasPrefix(p.region, "${"):
		filled.Region, whole = "*", false
	}
	switch {
	case p.account == "${Account}" || p.account == "${AccountId}":
		filled.Account = place.Account
	case strings.HasPrefix(p.account, "${"):
		filled.Account, whole = "*", false
	}
	return filled.String(), whole
}

// bare is a name as far as spellings of it agree: letters and digits, in lower case.
func bare(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			b = append(b, c)
		}
	}
	return string(b)
}
