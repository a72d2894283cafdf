package lint

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// checkDocument has what is about the document as a whole.
func (c *checker) checkDocument() {
	start := policy.Position{Line: 1, Column: 1}
	if !c.document.HasVersion() {
		c.report("missing-version", start, `write "Version": "2012-10-17"`, "without a Version the document is of 2008-10-17, which has no variables")
	}
	if len(c.statements) == 0 {
		c.report("no-statements", start, "", "a document without statements says nothing")
	}
	c.checkSIDs()
	c.checkSize(start)
	if c.kind == Trust {
		c.checkSideDoors()
	}
}

func (c *checker) checkSIDs() {
	seen := map[string]bool{}
	for _, s := range c.statements {
		c.at = s
		sid := s.SID
		switch {
		case sid == (policy.Text{}):
		case sid.Value == "":
			c.report("empty-sid", sid.Position, "remove it", "a Sid without text names nothing")
		case seen[sid.Value]:
			c.report("duplicate-sid", sid.Position, "", "another statement has the Sid %s", shown(sid.Value))
		case c.kind != Resource && c.kind != Endpoint && !isAlphanumeric(sid.Value):
			c.report("invalid-sid", sid.Position, "", "a Sid has letters and digits only, unlike %s", shown(sid.Value))
		}
		seen[sid.Value] = true
	}
	c.at = nil
}

func isAlphanumeric(text string) bool {
	return strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// checkSize compares the document with the quota of its kind.
func (c *checker) checkSize(start policy.Position) {
	quota, owner := c.kind.quota(c.isBucketPolicy())
	size := c.document.Size()
	switch {
	case quota == 0:
	case size > quota && c.kind == Trust:
		c.report("T25", start, "", "%d characters are more than the %d of %s", size, quota, owner)
	case size > quota:
		c.report("policy-size", start, "", "%d characters are more than the %d of %s", size, quota, owner)
	case size*10 > quota*9:
		c.report("size-left", start, "", "%d of the %d characters of %s are left", quota-size, quota, owner)
	}
}

// isBucketPolicy tells whether all actions are of S3.
func (c *checker) isBucketPolicy() bool {
	for _, s := range c.statements {
		for _, text := range s.Action.Values {
			if !hasPrefixFold(text.Value, "s3:") && text.Value != "*" {
				return false
			}
		}
	}
	return true
}
