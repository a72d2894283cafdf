package trail

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Every event fits maxEvent bytes of JSON, whatever a client put into its request. What exceeds a limit is cut, with
// a mark that says by how much: first single strings; then, if the whole is still too long, the free-form members. The
// strings sum up to so little that the rest fits even if JSON needs six bytes for each of theirs (\u0000).
const (
	maxEvent = 128 << 10

	maxWord     = 128   // names, codes, identifiers
	maxID       = 512   // principals
	maxText     = 1024  // CloudTrail cuts userAgent and errorMessage at 1 KB too
	maxResource = 2048  // an S3 key alone may have 1,024 bytes
	maxMembers  = 2048  // of requestParameters or responseElements, when they do not fit
	maxMessage  = 10240 // characters of an encoded authorization message: what STS takes to decode. A longer one is left out, not cut
)

// base64URL is the alphabet of RFC 4648, section 5.
const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// encode appends e to buffer as one JSON object without a line feed. Nothing of it refers to e afterwards.
func encode(buffer []byte, e Event, now time.Time) ([]byte, error) {
	e.Sequence, e.Chain = 0, ""
	if e.ID == "" {
		e.ID = newID()
	}
	if e.Time.IsZero() {
		e.Time = now
	}
	e.Time = e.Time.UTC()
	if e.Encoder != nil && e.Decision != nil && !e.Decision.Allowed() {
		e.EncodedAuthorizationMessage = e.Encoder.EncodeAuthorization(e)
	}
	if len(e.EncodedAuthorizationMessage) > maxMessage || strings.Trim(e.EncodedAuthorizationMessage, base64URL) != "" {
		e.EncodedAuthorizationMessage = ""
	}
	clipStrings(&e)
	body, err := appendEvent(buffer, &e)
	if err != nil || len(body)-len(buffer) <= maxEvent {
		return body, err
	}
	if e.RequestParameters, err = clipMembers(e.RequestParameters); err != nil {
		return nil, err
	}
	if e.ResponseElements, err = clipMembers(e.ResponseElements); err != nil {
		return nil, err
	}
	if body, err = appendEvent(buffer, &e); err != nil || len(body)-len(buffer) <= maxEvent {
		return body, err
	}
	e.Decision = nil
	e.Explanation = "(the decision was too long to be kept) " + e.Explanation
	return appendEvent(buffer, &e)
}

func clipStrings(e *Event) {
	who := &e.UserIdentity
	for _, field := range [...]*string{&e.ID, &e.Source, &e.Name, &e.Region, &e.SourceIP, &e.RequestID, &e.Account,
		&e.ErrorCode, &e.Category, &who.Type, &who.AccountID, &who.AccessKeyID} {
		*field = clip(*field, maxWord)
	}
	for _, field := range [...]*string{&e.Action, &who.PrincipalID, &who.UserName, &who.Provider} {
		*field = clip(*field, maxID)
	}
	for _, field := range [...]*string{&e.UserAgent, &e.ErrorMessage, &e.Explanation} {
		*field = clip(*field, maxText)
	}
	for _, field := range [...]*string{&e.Resource, &who.ARN} {
		*field = clip(*field, maxResource)
	}
}

// clip cuts text to about limit bytes, between characters.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > limit-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf("%s…(%d bytes cut)", text[:cut], len(text)-cut)
}

// clipMembers replaces members that may be long by the beginning of their JSON.
func clipMembers(members map[string]any) (map[string]any, error) {
	if members == nil {
		return nil, nil
	}
	text, err := marshal(members)
	if err != nil {
		return nil, err
	}
	if len(text) <= maxMembers {
		return members, nil
	}
	return map[string]any{"truncated": clip(string(text), maxMembers)}, nil
}

// newID is a random UUID (RFC 9562, section 5.4).
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := make([]byte, 0, 36)
	for i, part := range [...][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}
