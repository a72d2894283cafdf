package services

import (
	"bytes"
	"strings"

	"go.etcd.io/bbolt"
)

// walker goes through keys in order as S3 lists them: those with a prefix, and those that share what follows it up to a delimiter as one
// group. It seeks over a group's keys, so that a step costs the same however many there are.
type walker struct {
	cursor            *bbolt.Cursor
	prefix, delimiter string
	group             []byte // the group that was returned last; nil: a key was
}

// start returns the first key or group after marker. A marker that is a group (the last entry of a page) excludes the whole group.
func (w *walker) start(marker string) (key, value []byte, group bool) {
	if marker < w.prefix {
		return w.classify(w.cursor.Seek([]byte(w.prefix)))
	}
	if strings.HasPrefix(marker, w.prefix) {
		if end := w.groupEnd([]byte(marker)); end > 0 && end == len(marker) {
			w.group = []byte(marker)
			return w.next()
		}
	}
	k, v := w.cursor.Seek([]byte(marker))
	if k != nil && string(k) == marker {
		k, v = w.cursor.Next()
	}
	return w.classify(k, v)
}

// next returns the key or group after the last one; nil at the end.
func (w *walker) next() (key, value []byte, group bool) {
	if w.group == nil {
		return w.classify(w.cursor.Next())
	}
	after := successor(w.group)
	w.group = nil
	if after == nil {
		return nil, nil, false
	}
	return w.classify(w.cursor.Seek(after))
}

func (w *walker) classify(k, v []byte) (key, value []byte, group bool) {
	if k == nil || !bytes.HasPrefix(k, []byte(w.prefix)) {
		return nil, nil, false
	}
	if end := w.groupEnd(k); end > 0 {
		w.group = bytes.Clone(k[:end])
		return w.group, nil, true
	}
	return k, v, false
}

// groupEnd is the length of the group that a key with the prefix belongs to; 0: none.
func (w *walker) groupEnd(key []byte) int {
	if w.delimiter == "" {
		return 0
	}
	i := bytes.Index(key[len(w.prefix):], []byte(w.delimiter))
	if i < 0 {
		return 0
	}
	return len(w.prefix) + i + len(w.delimiter)
}

// successor is the smallest string after all that begin with prefix; nil: there is none.
func successor(prefix []byte) []byte {
	after := bytes.Clone(prefix)
	for i := len(after) - 1; i >= 0; i-- {
		if after[i]++; after[i] != 0 {
			return after[:i+1]
		}
	}
	return nil
}
