package trail

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// log appends lines to the files of one folder. It is not safe for concurrent use.
type log struct {
	dir      *os.File // locked
	maxSize  int64
	maxFiles int
	sync     bool

	file   *os.File // the newest; nil before the first line
	size   int64    // of its whole lines
	torn   bool     // a failed write may have left something after them
	last   place    // the last line
	buffer []byte
	err    error // why nothing can be appended any more
}

// openLog goes on where the files in c.Dir end. Whatever follows the last line feed was never acknowledged; it is cut off.
func openLog(c Config) (*log, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.Open(c.Dir)
	if err != nil {
		return nil, err
	}
	l := &log{dir: dir, maxSize: c.MaxFileSize, maxFiles: c.MaxFiles, sync: c.Sync}
	if err := lock(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the folder (does another process write this trail?): %w", err), dir.Close())
	}
	if err := l.resume(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// resume finds the last line. The newest file may be empty, when the process died between making it and writing to it; the
// line is then in the one before.
func (l *log) resume() error {
	firsts, err := files(l.dir.Name())
	if err != nil || len(firsts) == 0 {
		return err
	}
	newest := firsts[len(firsts)-1]
	if l.file, err = os.OpenFile(l.path(newest), os.O_RDWR|os.O_APPEND, 0); err != nil {
		return err
	}
	if l.last, l.size, err = lastLine(l.file); err != nil {
		return err
	}
	if err := l.file.Truncate(l.size); err != nil {
		return fmt.Errorf("cutting off an unfinished line: %w", err)
	}
	if l.size > 0 {
		return nil
	}
	if len(firsts) > 1 {
		before, err := os.Open(l.path(firsts[len(firsts)-2]))
		if err != nil {
			return err
		}
		defer before.Close()
		if l.last, _, err = lastLine(before); err != nil {
			return err
		}
	}
	if l.last.sequence+1 != newest {
		return fmt.Errorf("%s is empty and the lines before it are missing; move the folder away to begin a new trail", l.file.Name())
	}
	return nil
}

// lastLine returns the place of a file's last whole line, and where that line ends; both zero without one.
func lastLine(file *os.File) (place, int64, error) {
	info, err := file.Stat()
	if err != nil {
		return place{}, 0, err
	}
	for p := range backward(file, info.Size()) {
		if p.err != nil {
			return place{}, 0, fmt.Errorf("%s: %w", file.Name(), p.err)
		}
		raw := bytes.TrimSuffix(p.lines, []byte("\n"))
		raw = raw[bytes.LastIndexByte(raw, '\n')+1:]
		found, err := parseLine(raw)
		if err != nil {
			return place{}, 0, fmt.Errorf("%s: the last line is damaged: %w; move the folder away to begin a new trail", file.Name(), err)
		}
		return found.place, p.offset + int64(len(p.lines)), nil
	}
	return place{}, 0, nil
}

func (l *log) path(first uint64) string { return filepath.Join(l.dir.Name(), fileName(first)) }

// append writes one line for each entry, all with one write(2), or none.
func (l *log) append(entries []entry) error {
	size := int64(0)
	for _, entry := range entries {
		size += int64(len(*entry.body) + maxOverhead)
	}
	if l.err != nil {
		return l.err
	}
	if err := l.mend(); err != nil {
		return err
	}
	if l.file == nil || l.size > 0 && l.size+size > l.maxSize {
		if err := l.rotate(); err != nil {
			return fmt.Errorf("beginning a new file: %w", err)
		}
	}
	last := l.last
	l.buffer = l.buffer[:0]
	for i, entry := range entries {
		l.buffer, last = appendLine(l.buffer, last, i == 0 && l.size == 0, *entry.body)
	}
	if _, err := l.file.Write(l.buffer); err != nil {
		l.torn = true
		return errors.Join(err, l.mend())
	}
	l.size += int64(len(l.buffer))
	l.last = last
	return nil
}

// mend cuts off what a failed write left. Nothing is appended to a file that cannot be mended.
func (l *log) mend() error {
	if !l.torn {
		return nil
	}
	if err := l.file.Truncate(l.size); err != nil {
		return fmt.Errorf("cutting off an unfinished line: %w", err)
	}
	l.torn = false
	return nil
}

// rotate begins a new file. With sync the old one is on the disk first, so that flushing the newest file is always enough.
func (l *log) rotate() error {
	file, err := os.OpenFile(l.path(l.last.sequence+1), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if l.sync {
		err = syncFolder(l.dir)
		if l.file != nil {
			l.flushed(l.file.Sync())
			err = errors.Join(err, l.err)
		}
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	if l.file != nil {
		l.file.Close() // nothing is left to fail: each line was acknowledged at its own write or flush
	}
	l.file, l.size = file, 0
	l.prune()
	return nil
}

// flushed notes the outcome of a flush. After a failed one the kernel may have forgotten what it did not write, and says so
// only once: nothing can be acknowledged any more until the trail is opened again.
func (l *log) flushed(err error) {
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("flushing (the trail must be opened again): %w", err)
	}
}

// prune removes the oldest files beyond the limit. The limit is two or more, so that while the newest file is empty, as on a
// full disk, the last line is still there to go on from. What cannot be removed is tried again at the next rotation.
func (l *log) prune() {
	firsts, err := files(l.dir.Name())
	if err != nil {
		return
	}
	for _, first := range firsts[:max(0, len(firsts)-l.maxFiles)] {
		if err := os.Remove(l.path(first)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return // leave no gap
		}
	}
}

// close also releases the folder's lock. With sync every line is on the disk unless it returns an error.
func (l *log) close() error {
	err := l.err
	l.err = ErrClosed
	if l.file != nil {
		if l.sync {
			err = errors.Join(err, l.file.Sync())
		}
		err = errors.Join(err, l.file.Close())
	}
	return errors.Join(err, l.dir.Close())
}
