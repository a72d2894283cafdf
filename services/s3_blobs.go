package services

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// blobs are files named by random ids, in a folder for each id's first two digits. A blob is written once, before the index points to it,
// and never changed; one that the index does not point to is garbage.
type blobs struct{ dir string }

// openBlobs makes the folders.
func openBlobs(dir string) (blobs, error) {
	b := blobs{dir}
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return b, fmt.Errorf("making S3 folder: %w", err)
		}
	}
	if err := syncDir(dir); err != nil {
		return b, fmt.Errorf("making S3 folder: %w", err)
	}
	return b, nil
}

func newID() string {
	var id [16]byte
	rand.Read(id[:]) // it does not fail: crypto/rand
	return hex.EncodeToString(id[:])
}

func (b blobs) path(id string) string { return filepath.Join(b.dir, id[:2], id) }

// create copies input into a new blob and has it on disk when it returns.
func (b blobs) create(input io.Reader) (id string, size int64, sum []byte, err error) {
	id = newID()
	file, err := b.make(id)
	if err != nil {
		return "", 0, nil, err
	}
	hash := md5.New()
	size, err = io.Copy(io.MultiWriter(file, hash), input)
	if err = b.finish(id, file, err); err != nil {
		return "", 0, nil, err
	}
	return id, size, hash.Sum(nil), nil
}

// join makes a blob of others, in order. Between files the kernel copies, or only shares, the data.
func (b blobs) join(parts []string) (id string, err error) {
	id = newID()
	file, err := b.make(id)
	if err != nil {
		return "", err
	}
	for _, part := range parts {
		if err = b.appendTo(file, part); err != nil {
			break
		}
	}
	if err = b.finish(id, file, err); err != nil {
		return "", err
	}
	return id, nil
}

// finish makes a written blob durable, or removes it if writing failed with err, which it returns as it is: S3's errors come through here.
func (b blobs) finish(id string, file *os.File, err error) error {
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = syncDir(filepath.Dir(file.Name()))
	}
	if err != nil {
		b.remove(id)
	}
	return err
}

func (b blobs) appendTo(file *os.File, id string) error {
	part, err := b.open(id)
	if err != nil {
		return err
	}
	defer part.Close()
	_, err = io.Copy(file, part)
	return err
}

// link gives a blob's content a second id; blobs never change, so that is a copy.
func (b blobs) link(id string) (string, error) {
	other := newID()
	if err := os.Link(b.path(id), b.path(other)); err != nil {
		return "", err
	}
	if err := syncDir(filepath.Dir(b.path(other))); err != nil {
		b.remove(other)
		return "", err
	}
	return other, nil
}

func (b blobs) make(id string) (*os.File, error) {
	return os.OpenFile(b.path(id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (b blobs) open(id string) (*os.File, error) { return os.Open(b.path(id)) }

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// remove unlinks blobs. What it cannot unlink is garbage until the next start sweeps it.
func (b blobs) remove(ids ...string) {
	for _, id := range ids {
		_ = os.Remove(b.path(id))
	}
}

func (b blobs) sweep(used map[string]bool) error {
	err := filepath.WalkDir(b.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || used[entry.Name()] {
			return err
		}
		return os.Remove(path)
	})
	if err != nil {
		return fmt.Errorf("sweeping S3 blobs: %w", err)
	}
	return nil
}
