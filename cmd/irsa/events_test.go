package main

import (
	"strings"
	"testing"

	"github.com/openirsa/openirsa/trail"
)

// TestDescribeHostile: whoever sends a token chooses its sub, before anybody has verified it.
func TestDescribeHostile(t *testing.T) {
	text := describe(trail.Event{RequestID: "id", UserIdentity: trail.Identity{Type: "WebIdentityUser", UserName: "\x1b]0;title\x07\x1b[2J\u202eüser\r\nanswered   success"}})
	if !strings.Contains(text, `WebIdentityUser \x1b]0;title\a\x1b[2J\u202eüser\r\nanswered   success`+"\n") {
		t.Errorf("shown as %q", text)
	}
}
