package sts

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// webIdentity is what of a verified token the policies get to see.
type webIdentity struct {
	issuer, provider  string // issuer string; provider's ARN
	subject, audience string // audience: azp where there is one, else aud
	amr               []string
}

// requestKeys is room for the condition keys that every request has, and for those that its door adds.
const requestKeys = 10

// requestContext makes the condition keys that every request has, whoever sends it, in addition to those of base, which may be nil.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (s *Service) requestContext(base *policy.Context, origin trail.Origin, now time.Time) *policy.Context {
	c := base.Extend(requestKeys)
	second := s.second(now)
	c.Set("aws:CurrentTime", second.current)
	c.Set("aws:EpochTime", second.epoch)
	c.Set("aws:SecureTransport", strconv.FormatBool(origin.SecureTransport))
	setUnlessEmpty(c, "aws:SourceIp", origin.SourceIP)
	setUnlessEmpty(c, "aws:UserAgent", origin.UserAgent)
	setUnlessEmpty(c, "aws:RequestedRegion", origin.Region)
	return c
}

// toldByRequest are the keys of an exchange's context that its request alone gives: those of requestContext, the session's name and its duration.
var toldByRequest = []string{"aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:sourceip", "aws:useragent", "aws:requestedregion",
	"sts:rolesessionname", "sts:durationseconds"}

// isToldByRequest takes a key in lower case.
func isToldByRequest(key string) bool { return slices.Contains(toldByRequest, key) }

// second is how the keys of a request spell its time, for all requests of one second.
type second struct {
	unix           int64
	current, epoch string
}

// second is that of now. The one that was asked for last is kept.
func (s *Service) second(now time.Time) *second {
	kept := s.latest.Load()
	if unix := now.Unix(); kept == nil || kept.unix != unix {
		kept = &second{unix, now.UTC().Format(time.RFC3339), strconv.FormatInt(unix, 10)}
		s.latest.Store(kept)
	}
	return kept
}

// setFederation adds the keys of a web identity that outlive the exchange: in the session's own requests they are there too.
// Their names are the issuer without its scheme, so that a policy cannot mean one issuer and get another.
func setFederation(c *policy.Context, w webIdentity) {
	prefix := strings.TrimPrefix(w.issuer, "https://")
	c.Set("aws:FederatedProvider", w.provider)
	c.Set(prefix+":sub", w.subject)
	c.Set(prefix+":aud", w.audience)
	if len(w.amr) > 0 {
		c.SetList(prefix+":amr", w.amr...)
	}
}

// setTags adds the keys of tags that a request passes.
func setTags(c *policy.Context, tags []iam.Tag, transitive []string) {
	if len(tags) == 0 {
		return
	}
	keys := make([]string, len(tags))
	for i, tag := range tags {
		keys[i] = tag.Key
		c.Set("aws:RequestTag/"+tag.Key, tag.Value)
	}
	c.SetList("aws:TagKeys", keys...)
	if len(transitive) > 0 {
		c.SetList("sts:TransitiveTagKeys", transitive...)
	}
}

// setDuration adds what the session will last, whether it was asked for or not, so that a trust policy can bound it either way.
func setDuration(c *policy.Context, requested *int) {
	seconds := defaultDuration
	if requested != nil {
		seconds = *requested
	}
	c.Set("sts:DurationSeconds", strconv.Itoa(seconds))
}

func setUnlessEmpty(c *policy.Context, key, value string) {
	if value != "" {
		c.Set(key, value)
	}
}
