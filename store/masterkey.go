package store

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// maxMasterKeyFile is more than any master key's file has.
const maxMasterKeyFile = 1 << 10

// LoadOrCreateMasterKey reads the master key from the file at path: 32 bytes in standard base64 and a line feed. If
// there is no such file, it makes a random key and the file, mode 0600, which appears whole and on the disk or not at
// all; of several processes that do so at once, one makes it and all read the same. A file that others than its owner
// may read, write or execute is refused.
//
// Losing this file loses every sealed record. It belongs beside the backups, not in them.
func LoadOrCreateMasterKey(path string) ([]byte, error) {
	const others = 0o077
	key, err := loadMasterKey(path, others)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createMasterKey(path); err != nil {
			return nil, fmt.Errorf("creating master key: %w", err)
		}
		key, err = loadMasterKey(path, others)
	}
	if err != nil {
		return nil, fmt.Errorf("reading master key: %w", err)
	}
	return key, nil
}

// LoadMasterKey reads the master key from a file of that form that somebody else keeps. The file's group may read it, because that is how a Secret of
// Kubernetes is mounted for a process that is not root (fsGroup, defaultMode 0440); everybody may not.
func LoadMasterKey(path string) ([]byte, error) {
	key, err := loadMasterKey(path, 0o037)
	if err != nil {
		return nil, fmt.Errorf("reading master key: %w", err)
	}
	return key, nil
}

// loadMasterKey refuses a file whose mode has one of those bits.
func loadMasterKey(path string, refused fs.FileMode) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	// Windows has no such bits; os makes them up.
	if mode := info.Mode().Perm(); mode&refused != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %#o, so others than its owner can use it: chmod 600 it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxMasterKeyFile))
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != MasterKeySize {
		// The decoder's error would tell a part of the key.
		return nil, fmt.Errorf("%s does not hold %d bytes in base64", path, MasterKeySize)
	}
	return key, nil
}

// createMasterKey writes a temporary file and links it to path, which, unlike renaming it, never replaces a key that
// another process made meanwhile: losing that race is success.
func createMasterKey(path string) error {
	key := make([]byte, MasterKeySize)
	rand.Read(key)
	folder := filepath.Dir(path)
	temporary, err := os.CreateTemp(folder, ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = fmt.Fprintln(temporary, base64.StdEncoding.EncodeToString(key))
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(folder)
}
