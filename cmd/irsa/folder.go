package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// folder is where a plane keeps its state. Its paths are part of the contract with scripts.
type folder string

func (f folder) database() string    { return filepath.Join(string(f), "irsa.db") }
func (f folder) masterKey() string   { return filepath.Join(string(f), "master.key") }
func (f folder) trail() string       { return filepath.Join(string(f), "trail") }
func (f folder) objects() string     { return filepath.Join(string(f), "s3") }
func (f folder) adminEnv() string    { return filepath.Join(string(f), "admin.env") }
func (f folder) bundle() string      { return filepath.Join(string(f), "ca.crt") }
func (f folder) adminSocket() string { return filepath.Join(string(f), "admin.sock") }

// defaultFolder follows the XDG base directory specification.
func defaultFolder(getenv func(string) string) string {
	if base := getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "openirsa")
	}
	return filepath.Join(getenv("HOME"), ".local", "share", "openirsa")
}

// create makes the folder, for its owner only, if it does not exist. One that everybody can write to is refused: whoever puts files into it, or
// other files in their place, has the plane's keys.
func (f folder) create() error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return failure("DataFolder", fmt.Errorf("making the data folder: %w", err), "choose another with --data")
	}
	info, err := os.Stat(string(f))
	if err != nil {
		return fmt.Errorf("looking at the data folder: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o002 != 0 && runtime.GOOS != "windows" { // which has no such bits; os makes them up
		return failure("DataFolder", fmt.Errorf("the data folder %s has mode %#o, so everybody can change what is in it", f, mode),
			fmt.Sprintf("chmod go-w %s, or choose another with --data", f))
	}
	return nil
}

// exists reports whether a plane was ever started here.
func (f folder) exists() (bool, error) {
	_, err := os.Stat(f.database())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// writePrivate replaces file with content, readable by its owner only; a reader sees the old content or the new.
func writePrivate(file string, content []byte) error { return replace(file, content, 0o600) }

// writePublic does so for what everybody may read.
func writePublic(file string, content []byte) error { return replace(file, content, 0o644) }

func replace(file string, content []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails once the rename has succeeded, as it should
	if _, err := temporary.Write(content); err != nil {
		temporary.Close()
		return err
	}
	if err := errors.Join(temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}
