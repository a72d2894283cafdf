package trail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/openirsa/openirsa/policy"
)

// Every request of every door has its event written, so what every event has is written here without reflection, to the byte as encoding/json would
// write it; that package writes the rest and, in the tests, is what this file is held to.

// appendEvent appends e as one JSON object without a line feed. Its place in the chain is for the line to say.
func appendEvent(b []byte, e *Event) (_ []byte, err error) {
	b = appendText(append(b, `{"eventID":`...), e.ID)
	b = append(b, `,"eventTime":"`...)
	if b, err = e.Time.AppendText(b); err != nil {
		return nil, fmt.Errorf("encoding event: %w", err)
	}
	b = appendText(append(b, `","eventSource":`...), e.Source)
	b = appendText(append(b, `,"eventName":`...), e.Name)
	b = appendText(append(b, `,"awsRegion":`...), e.Region)
	b = appendText(append(b, `,"sourceIPAddress":`...), e.SourceIP)
	b = appendUnlessEmpty(b, `,"userAgent":`, e.UserAgent)
	b = appendText(append(b, `,"requestID":`...), e.RequestID)
	b = appendUnlessEmpty(b, `,"recipientAccountId":`, e.Account)
	b = appendIdentity(append(b, `,"userIdentity":`...), &e.UserIdentity)
	if b, err = appendMembers(b, `,"requestParameters":`, e.RequestParameters); err != nil {
		return nil, err
	}
	if b, err = appendMembers(b, `,"responseElements":`, e.ResponseElements); err != nil {
		return nil, err
	}
	b = appendUnlessEmpty(b, `,"errorCode":`, e.ErrorCode)
	b = appendUnlessEmpty(b, `,"errorMessage":`, e.ErrorMessage)
	b = strconv.AppendBool(append(b, `,"readOnly":`...), e.ReadOnly)
	b = appendText(append(b, `,"eventCategory":`...), e.Category)
	b = appendUnlessEmpty(b, `,"action":`, e.Action)
	b = appendUnlessEmpty(b, `,"resource":`, e.Resource)
	if e.Decision != nil {
		b = appendDecision(append(b, `,"decision":`...), e.Decision)
	}
	b = appendUnlessEmpty(b, `,"explanation":`, e.Explanation)
	b = appendUnlessZero(b, `,"count":`, e.Count)
	b = appendUnlessEmpty(b, `,"encodedAuthorizationMessage":`, e.EncodedAuthorizationMessage)
	return append(b, '}'), nil
}

func appendIdentity(b []byte, who *Identity) []byte {
	b = appendText(append(b, `{"type":`...), who.Type)
	b = appendUnlessEmpty(b, `,"principalId":`, who.PrincipalID)
	b = appendUnlessEmpty(b, `,"arn":`, who.ARN)
	b = appendUnlessEmpty(b, `,"accountId":`, who.AccountID)
	b = appendUnlessEmpty(b, `,"accessKeyId":`, who.AccessKeyID)
	b = appendUnlessEmpty(b, `,"userName":`, who.UserName)
	b = appendUnlessEmpty(b, `,"identityProvider":`, who.Provider)
	return append(b, '}')
}

// appendDecision is policy.Decision's MarshalJSON, which escapes as for a web page.
func appendDecision(b []byte, d *policy.Decision) []byte {
	b = appendPageText(append(b, `{"decision":`...), d.Effect.String())
	b = append(b, `,"reasons":[`...)
	for i, reason := range d.Reasons() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendReason(b, &reason)
	}
	return append(b, "]}"...)
}

func appendReason(b []byte, r *policy.Reason) []byte {
	b = append(b, '{')
	if r.Layer != "" {
		b = append(appendPageText(append(b, `"layer":`...), r.Layer), ',')
	}
	b = appendPageText(append(b, `"policy":`...), r.Policy)
	b = strconv.AppendInt(append(b, `,"statement":`...), int64(r.Statement), 10)
	b = appendPageText(append(b, `,"sid":`...), r.SID)
	if r.Effect != "" {
		b = appendPageText(append(b, `,"effect":`...), r.Effect)
	}
	b = appendUnlessZero(b, `,"line":`, r.Line)
	b = appendUnlessZero(b, `,"column":`, r.Column)
	if r.Failed != "" {
		b = appendPageText(append(b, `,"failed":`...), r.Failed)
	}
	if r.Operator != "" {
		b = appendPageText(append(b, `,"operator":`...), r.Operator)
	}
	if r.Key != "" {
		b = appendPageText(append(b, `,"key":`...), r.Key)
	}
	if r.Wanted != nil {
		b = appendTexts(append(b, `,"wanted":`...), r.Wanted, appendPageText)
	}
	if r.Got != nil {
		b = appendTexts(append(b, `,"got":`...), r.Got, appendPageText)
	}
	if r.AnyResource {
		b = append(b, `,"anyResource":true`...)
	}
	return append(b, '}')
}

func appendUnlessEmpty(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(append(b, name...), text)
}

func appendUnlessZero(b []byte, name string, number int) []byte {
	if number == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), int64(number), 10)
}

// appendMembers appends a free-form member, unless it is empty.
func appendMembers(b []byte, name string, members map[string]any) ([]byte, error) {
	if len(members) == 0 {
		return b, nil
	}
	return appendMap(append(b, name...), members, 0)
}

// maxDepth is how deep members are followed before encoding/json takes over, which finds out whether they end.
const maxDepth = 16

// appendMap appends members in the order of their names.
func appendMap(b []byte, members map[string]any, depth int) (_ []byte, err error) {
	var few [16]string
	names := few[:0]
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		if b, err = appendValue(b, members[name], depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendValue appends what a free-form member holds.
func appendValue(b []byte, value any, depth int) (_ []byte, err error) {
	switch value := value.(type) {
	case string:
		return appendText(b, value), nil
	case int:
		return strconv.AppendInt(b, int64(value), 10), nil
	case bool:
		return strconv.AppendBool(b, value), nil
	case []string:
		if value != nil {
			return appendTexts(b, value, appendText), nil
		}
	case map[string]any:
		if value != nil && depth < maxDepth {
			return appendMap(b, value, depth)
		}
	case []any:
		if value != nil && depth < maxDepth {
			return appendList(b, value, depth)
		}
	}
	text, err := marshal(value)
	if err != nil {
		return nil, err
	}
	return append(b, text...), nil
}

func appendList(b []byte, values []any, depth int) (_ []byte, err error) {
	b = append(b, '[')
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// marshal leaves <, > and & as they are: the trail is for people and jq, not for a web page.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encoding event: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

func appendTexts(b []byte, texts []string, one func([]byte, string) []byte) []byte {
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, text)
	}
	return append(b, ']')
}

// appendText appends a JSON string that leaves <, > and & as they are.
func appendText(b []byte, text string) []byte { return appendString(b, text, false) }

// appendPageText appends a JSON string that is safe inside of a web page.
func appendPageText(b []byte, text string) []byte { return appendString(b, text, true) }

const hexDigits = "0123456789abcdef"

// special tells which bytes of a string JSON may not hold as they are (1), and which a web page may not (2). What begins or goes on with a character
// beyond ASCII has to be looked at.
var special = func() (table [256]byte) {
	for c := range table {
		switch {
		case c < ' ', c == '"', c == '\\', c >= utf8.RuneSelf:
			table[c] = 1
		case c == '<', c == '>', c == '&':
			table[c] = 2
		}
	}
	return table
}()

func appendString(b []byte, text string, page bool) []byte {
	which := byte(1)
	if page {
		which |= 2
	}
	b = append(b, '"')
	start := 0 // of what has to be copied as it is
	for i := 0; i < len(text); {
		c := text[i]
		if special[c]&which == 0 {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = appendEscaped(append(b, text[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, text[start:i]...), `\ufffd`...)
		case r == '\u2028' || r == '\u2029': // they end lines in JavaScript
			b = append(append(b, text[start:i]...), `\u202`...)
			b = append(b, hexDigits[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	return append(append(b, text[start:]...), '"')
}

// appendEscaped appends an ASCII character that does not stand for itself.
func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
