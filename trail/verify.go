package trail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Verify walks the files of a trail's folder from the oldest kept line to the newest and reports, by file and line, the first
// place where the hash chain does not hold: a line changed, missing, inserted, moved or cut. A trail that is being written
// can be verified, except that its last line may then be seen half written and reported.
//
// What a chain cannot show is in the package's comment.
func Verify(dir string) error {
	firsts, err := files(dir)
	if err != nil {
		return fmt.Errorf("verifying trail: %w", err)
	}
	var at *place // none yet
	for i, first := range firsts {
		at, err = verifyFile(filepath.Join(dir, fileName(first)), first, at)
		if at == nil && errors.Is(err, fs.ErrNotExist) {
			continue // the oldest was removed by a rotation meanwhile
		}
		if err == nil && i < len(firsts)-1 && (at == nil || at.sequence < first) {
			err = fmt.Errorf("%s is empty, but not the newest", fileName(first))
		}
		if err != nil {
			return fmt.Errorf("verifying trail: %w", err)
		}
	}
	return nil
}

// verifyFile verifies the file that begins with sequence first, after the line at before, and returns its last line's place.
// Without before, the first line's own word is taken for the chain value before it, unless it is the very first.
func verifyFile(path string, first uint64, before *place) (*place, error) {
	file, err := os.Open(path)
	if err != nil {
		return before, err
	}
	defer file.Close()
	if before != nil && before.sequence+1 != first {
		return before, fmt.Errorf("%s follows sequence %d: files are missing or were renamed", path, before.sequence)
	}
	reader := bufio.NewReaderSize(file, maxLine)
	for number := 1; ; number++ {
		raw, err := reader.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(raw) == 0:
			return before, nil
		case errors.Is(err, io.EOF):
			return before, fmt.Errorf("%s:%d: the line is not complete: cut off, or being written", path, number)
		case errors.Is(err, bufio.ErrBufferFull):
			return before, fmt.Errorf("%s:%d: the line is too long", path, number)
		case err != nil:
			return before, err
		}
		if before, err = verifyLine(raw[:len(raw)-1], number == 1, first, before); err != nil {
			return before, fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
}

func verifyLine(raw []byte, begins bool, first uint64, before *place) (*place, error) {
	l, err := parseLine(raw)
	if err != nil {
		return before, err
	}
	if begins != (l.previous != nil) {
		return before, errors.New("the first line of a file, and no other, has a previous chain value: this one was moved")
	}
	if begins {
		switch {
		case before == nil && first == 1:
			before = &place{}
		case before == nil:
			before = &place{first - 1, *l.previous}
		}
		if *l.previous != before.chain {
			return before, errors.New("the previous chain value is not that of the line before")
		}
	}
	if err := l.follows(*before); err != nil {
		return before, err
	}
	return &l.place, nil
}
