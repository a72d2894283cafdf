package trail

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
)

// A file is named after the sequence number of its first line, so that names sort as lines do.
const (
	fileSuffix = ".jsonl"
	fileDigits = 20 // of the largest uint64
)

func fileName(first uint64) string { return fmt.Sprintf("%0*d%s", fileDigits, first, fileSuffix) }

// fileFirst is fileName backwards.
func fileFirst(name string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, fileSuffix)
	if !ok || len(digits) != fileDigits {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil && first > 0
}

// files lists the trail's files in dir by their first sequence number, oldest first. Other files are not the
// trail's business.
func files(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var firsts []uint64
	for _, entry := range entries {
		if first, ok := fileFirst(entry.Name()); ok {
			firsts = append(firsts, first)
		}
	}
	return firsts, nil
}

// backwardChunk is how much of a file is read at a time from its end.
const backwardChunk = 1 << 20

// piece is some whole lines of a file.
type piece struct {
	lines  []byte
	offset int64 // in the file
	err    error // alone, and last
}

// backward reads a file of size bytes from its end, the last piece first. What follows the last line feed is left
// out: it is being written, or was cut off.
func backward(file io.ReaderAt, size int64) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		var carry []byte // the end of a line that begins before what was read; it ends in a line feed
		found := false   // the last line feed
		for end := size; end > 0; {
			n := min(end, backwardChunk)
			end -= n
			buffer := make([]byte, n, n+int64(len(carry)))
			if _, err := file.ReadAt(buffer, end); err != nil {
				yield(piece{err: err})
				return
			}
			buffer = append(buffer, carry...)
			if !found {
				buffer = buffer[:bytes.LastIndexByte(buffer, '\n')+1]
				found = len(buffer) > 0
			}
			start := 0
			if end > 0 {
				start = bytes.IndexByte(buffer, '\n') + 1
			}
			if carry = buffer[:start]; len(carry) > maxLine+backwardChunk {
				yield(piece{err: fmt.Errorf("a line before offset %d is longer than %d bytes", end+int64(start), maxLine)})
				return
			}
			if start < len(buffer) && !yield(piece{lines: buffer[start:], offset: end + int64(start)}) {
				return
			}
		}
	}
}
