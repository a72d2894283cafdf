package trail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// A line is an event with its place in the hash chain around it:
//
//	{"sequence":7,"eventID":…,"chain":"<64 hex digits>"}
//	{"sequence":8,"previous":"<64 hex digits>","eventID":…,"chain":"<64 hex digits>"}
//
// The second form begins each file, and repeats the chain value of the line before it, so that a file can be verified when
// the one before it is gone. A line's chain value is the SHA-256 of the previous one (32 bytes; zeros before sequence 1)
// followed by the line without its chain member, which is always the last. What lies between is fixed to the byte; the only
// JSON parser that verification needs is this file.
const (
	openSequence  = `{"sequence":`
	openPrevious  = `"previous":"`
	closePrevious = `",`
	openChain     = `,"chain":"`
	closeChain    = `"}`

	chainDigits = 2 * sha256.Size
	chainMember = len(openChain) + chainDigits + len(closeChain)
	maxOverhead = len(openSequence) + len("18446744073709551615,") + len(openPrevious) + chainDigits + len(closePrevious) + chainMember + len("\n")
	maxLine     = maxEvent + maxOverhead
)

// digest is a value of the hash chain.
type digest [sha256.Size]byte

// place is where a line stands in the chain.
type place struct {
	sequence uint64 // from 1
	chain    digest
}

// appendLine appends the line of body, an event's JSON, that follows at, with a line feed, and returns its place.
func appendLine(buffer []byte, at place, first bool, body []byte) ([]byte, place) {
	start := len(buffer)
	buffer = append(buffer, openSequence...)
	buffer = strconv.AppendUint(buffer, at.sequence+1, 10)
	buffer = append(buffer, ',')
	if first {
		buffer = append(buffer, openPrevious...)
		buffer = hex.AppendEncode(buffer, at.chain[:])
		buffer = append(buffer, closePrevious...)
	}
	buffer = append(buffer, body[1:]...)
	next := place{at.sequence + 1, at.chain.next(buffer[start:])}
	buffer = append(buffer[:len(buffer)-1], openChain...)
	buffer = hex.AppendEncode(buffer, next.chain[:])
	return append(buffer, closeChain+"\n"...), next
}

// next is the chain value of a line that follows d; without is the line without its chain member.
func (d digest) next(without ...[]byte) (sum digest) {
	hash := sha256.New()
	hash.Write(d[:])
	for _, part := range without {
		hash.Write(part)
	}
	hash.Sum(sum[:0])
	return sum
}

// line is one line read back.
type line struct {
	place
	previous *digest // of a file's first line
	without  []byte  // up to the chain member; a closing brace is missing
}

// parseLine takes a line apart, without its line feed. It looks at what surrounds the event, not into it: only the
// chain can vouch for that.
func parseLine(raw []byte) (line, error) {
	var l line
	if len(raw) > maxLine {
		return l, errors.New("the line is too long")
	}
	rest, ok := bytes.CutPrefix(raw, []byte(openSequence))
	if !ok {
		return l, errors.New("the line does not begin with its sequence number")
	}
	digits, rest, ok := bytes.Cut(rest, []byte(","))
	sequence, err := strconv.ParseUint(string(digits), 10, 64)
	if !ok || err != nil || strconv.FormatUint(sequence, 10) != string(digits) || sequence == 0 {
		return l, errors.New("the line does not begin with its sequence number")
	}
	l.sequence = sequence
	if len(rest) < chainMember || !bytes.HasPrefix(rest[len(rest)-chainMember:], []byte(openChain)) || !bytes.HasSuffix(rest, []byte(closeChain)) {
		return l, errors.New("the line does not end with its chain value")
	}
	if l.chain, err = parseDigest(rest[len(rest)-chainMember+len(openChain) : len(rest)-len(closeChain)]); err != nil {
		return l, err
	}
	l.without = raw[:len(raw)-chainMember]
	rest = rest[:len(rest)-chainMember]
	if rest, ok = bytes.CutPrefix(rest, []byte(openPrevious)); ok {
		value, _, ok := bytes.Cut(rest, []byte(closePrevious))
		if !ok {
			return l, errors.New("the line's previous chain value does not end")
		}
		previous, err := parseDigest(value)
		if err != nil {
			return l, err
		}
		l.previous = &previous
	}
	return l, nil
}

// follows checks that l is the line after the one at before.
func (l line) follows(before place) error {
	switch {
	case l.sequence != before.sequence+1:
		return fmt.Errorf("sequence %d follows %d: lines are missing or were moved", l.sequence, before.sequence)
	case before.chain.next(l.without, []byte("}")) != l.chain:
		return fmt.Errorf("the chain value of sequence %d is wrong: this line or the one before it was changed", l.sequence)
	}
	return nil
}

// parseDigest accepts only what hex.AppendEncode writes.
func parseDigest(text []byte) (d digest, err error) {
	if len(text) != chainDigits || !bytes.Equal(bytes.ToLower(text), text) {
		return d, errors.New("a chain value is not 64 hexadecimal digits in lower case")
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return d, errors.New("a chain value is not 64 hexadecimal digits in lower case")
	}
	return d, nil
}
