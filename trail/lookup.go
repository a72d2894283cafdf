package trail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// lookupBudget is how much of the trail one call reads. A page that ends there may be short or empty, and has a token that goes on.
	lookupBudget = 64 << 20
	// lookupSlack is how much later than its time an event may have been written: a refusal that stands for others waits for its minute's
	// end, a read for the queue. Lines older than a lookup's beginning by that much end it.
	lookupSlack = time.Hour
)

// ErrLookupToken is the answer to a token that no lookup of these parameters gave out.
var ErrLookupToken = errors.New("the token is not one of this lookup")

// The attributes by which events are looked up (CloudTrail API reference, LookupAttribute).
const (
	ByEventID      = "EventId"
	ByEventName    = "EventName"
	ByReadOnly     = "ReadOnly" // "true" or "false"
	ByUsername     = "Username"
	ByResourceType = "ResourceType"
	ByResourceName = "ResourceName"
	ByEventSource  = "EventSource"
	ByAccessKeyID  = "AccessKeyId"
)

// LookupQuery selects management events of one account.
type LookupQuery struct {
	Account    string
	Attribute  string // one of the By… names; "": every event
	Value      string // compared exactly
	Start, End time.Time
	Limit      int    // events of a page, at least 1
	Token      string // of the page before, with an equal query otherwise; "": from the newest
}

// LookupPage is one page of events, newest first; the next page may have one that is some milliseconds newer. A Token says that older lines were
// not looked at yet.
type LookupPage struct {
	Events []Event
	Token  string
}

// Lookup is CloudTrail's LookupEvents on what the trail keeps, including what was enqueued before the call. A page's token names a place in
// the files, which neither new lines nor a rotation move; when the place is no longer kept, nor is anything older, and the page is empty.
func (t *Trail) Lookup(ctx context.Context, q LookupQuery) (LookupPage, error) {
	if err := t.awaitQueued(ctx); err != nil {
		return LookupPage{}, fmt.Errorf("looking events up: %w", err)
	}
	page, err := lookupIn(ctx, t.dir, q, lookupBudget)
	if err != nil {
		return LookupPage{}, fmt.Errorf("looking events up: %w", err)
	}
	return page, nil
}

// lookupIn is Lookup in a trail's folder, reading about budget bytes.
func lookupIn(ctx context.Context, dir string, q LookupQuery, budget int) (LookupPage, error) {
	from, err := q.from()
	if err != nil {
		return LookupPage{}, err
	}
	firsts, err := files(dir)
	if err != nil {
		return LookupPage{}, err
	}
	l := &lookup{query: q, needles: q.needles(), budget: budget}
	for _, first := range slices.Backward(firsts) {
		if from != nil && first > from.file {
			continue
		}
		end := int64(-1)
		if from != nil && first == from.file {
			end = from.offset
		}
		err := l.file(ctx, filepath.Join(dir, fileName(first)), first, end)
		if errors.Is(err, fs.ErrNotExist) {
			break // removed by a rotation meanwhile, and everything older with it
		}
		if err != nil {
			return LookupPage{}, err
		}
		if l.ended {
			break
		}
	}
	// Reads wait in the queue, so that a change which came after one may stand before it.
	slices.SortStableFunc(l.events, func(a, b Event) int { return b.Time.Compare(a.Time) })
	page := LookupPage{Events: l.events}
	if l.next != nil && (l.next.offset > 0 || l.next.file > firsts[0]) {
		page.Token = q.token(*l.next)
	}
	return page, nil
}

// spot is the end of the lines that a page goes on with: an offset in the file that begins with sequence file.
type spot struct {
	file   uint64
	offset int64
}

// token writes a spot down, bound to the query that it belongs to. It gives access to nothing: the account is the caller's at every page.
func (q LookupQuery) token(s spot) string {
	text := fmt.Sprintf("%d.%d.%s", s.file, s.offset, q.fingerprint())
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// from reads the token; nil without one.
func (q LookupQuery) from() (*spot, error) {
	if q.Token == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(q.Token)
	parts := strings.Split(string(text), ".")
	if err != nil || len(parts) != 3 || parts[2] != q.fingerprint() {
		return nil, ErrLookupToken
	}
	file, err := strconv.ParseUint(parts[0], 10, 64)
	if err != nil {
		return nil, ErrLookupToken
	}
	offset, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || offset < 0 || q.token(spot{file, offset}) != q.Token {
		return nil, ErrLookupToken
	}
	return &spot{file, offset}, nil
}

// fingerprint tells queries apart, but for the size of their pages.
func (q LookupQuery) fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d", q.Account, q.Attribute, q.Value, q.Start.UnixNano(), q.End.UnixNano()))
	return hex.EncodeToString(sum[:8])
}

// needles are texts that every line of a matching event has, so that most lines need not be decoded.
func (q LookupQuery) needles() [][]byte {
	member := func(name string, value any) []byte {
		text, err := marshal(value)
		if err != nil {
			return nil // texts and booleans
		}
		return append([]byte(`"`+name+`":`), text...)
	}
	needles := [][]byte{member("eventCategory", Management), member("recipientAccountId", q.Account)}
	switch q.Attribute {
	case ByEventID:
		needles = append(needles, member("eventID", q.Value))
	case ByEventName:
		needles = append(needles, member("eventName", q.Value))
	case ByEventSource:
		needles = append(needles, member("eventSource", q.Value))
	case ByReadOnly:
		needles = append(needles, []byte(`"readOnly":`+q.Value))
	case ByUsername, ByResourceName, ByAccessKeyID:
		// They are cut out of longer texts, which JSON writes character by character.
		quoted := member("", q.Value)
		needles = append(needles, quoted[len(`"":"`):len(quoted)-len(`"`)])
	}
	return needles
}

// matches decides; the needles only spare the decoding.
func (q LookupQuery) matches(e Event) bool {
	if e.Account != q.Account || e.Category != Management || !q.Start.IsZero() && e.Time.Before(q.Start) || !q.End.IsZero() && e.Time.After(q.End) {
		return false
	}
	resource := func(is func(Resource) bool) bool { return slices.ContainsFunc(e.Resources(), is) }
	switch q.Attribute {
	case "":
		return true
	case ByEventID:
		return e.ID == q.Value
	case ByEventName:
		return e.Name == q.Value
	case ByReadOnly:
		return strconv.FormatBool(e.ReadOnly) == q.Value
	case ByUsername:
		return e.Username() == q.Value
	case ByResourceType:
		return resource(func(r Resource) bool { return r.Type == q.Value })
	case ByResourceName:
		return resource(func(r Resource) bool { return r.Name == q.Value })
	case ByEventSource:
		return e.Source == q.Value
	case ByAccessKeyID:
		return e.UserIdentity.AccessKeyID == q.Value
	}
	return false
}

// lookup collects a page.
type lookup struct {
	query   LookupQuery
	needles [][]byte
	budget  int
	events  []Event
	next    *spot // where the page ended before the lines did
	ended   bool
}

// file looks through one file, up to offset end; -1: all of it.
func (l *lookup) file(ctx context.Context, path string, first uint64, end int64) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if end < 0 {
		end = info.Size()
	} else if err := isLineEnd(file, info.Size(), end); err != nil {
		return err
	}
	for p := range backward(file, end) {
		if err := errors.Join(p.err, ctx.Err()); err != nil {
			return err
		}
		if err := l.take(path, first, p); err != nil || l.ended {
			return err
		}
	}
	return nil
}

// isLineEnd refuses an offset that no line of the file ends at.
func isLineEnd(file io.ReaderAt, size, offset int64) error {
	if offset == 0 {
		return nil
	}
	last := make([]byte, 1)
	if offset > size {
		return ErrLookupToken
	}
	if _, err := file.ReadAt(last, offset-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		return ErrLookupToken
	}
	return nil
}

// take adds the matching events of a piece, the last line first, and ends the page when it is full, when the budget is used up, or when all
// that is left is older than the query's beginning.
func (l *lookup) take(path string, first uint64, p piece) error {
	rest := bytes.TrimSuffix(p.lines, []byte("\n"))
	for whole := true; whole; {
		start := bytes.LastIndexByte(rest, '\n') + 1
		raw := rest[start:]
		whole = start > 0
		rest = rest[:max(start-1, 0)]
		cannot := l.cannotMatch(raw)
		if cannot && whole {
			continue
		}
		// The first line of a piece is decoded in any case, for its time.
		var e Event
		switch err := json.Unmarshal(raw, &e); {
		case err != nil && cannot:
			continue
		case err != nil:
			return fmt.Errorf("a damaged line in %s: %w", path, err)
		case !l.query.Start.IsZero() && e.Time.Before(l.query.Start.Add(-lookupSlack)):
			l.ended = true
			return nil
		case l.query.matches(e):
			l.events = append(l.events, e)
		}
		if len(l.events) >= l.query.Limit {
			l.next, l.ended = &spot{first, p.offset + int64(start)}, true
			return nil
		}
	}
	if l.budget -= len(p.lines); l.budget <= 0 {
		l.next, l.ended = &spot{first, p.offset}, true
	}
	return nil
}

// cannotMatch reports that a line lacks what every matching one has.
func (l *lookup) cannotMatch(raw []byte) bool {
	for _, needle := range l.needles {
		if !bytes.Contains(raw, needle) {
			return true
		}
	}
	return false
}
