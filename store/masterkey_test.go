package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestMasterKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	var group sync.WaitGroup
	keys := make([][]byte, 8)
	for i := range keys {
		group.Go(func() {
			var err error
			if keys[i], err = LoadOrCreateMasterKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, key := range keys {
		if len(key) != MasterKeySize || !bytes.Equal(key, keys[0]) || bytes.Equal(key, make([]byte, MasterKeySize)) {
			t.Fatalf("keys made at once differ, or are none: %d bytes", len(key))
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left %v", left)
	}
	// Who loses the race to make it reads the winner's.
	if err := createMasterKey(path); err != nil {
		t.Error(err)
	}
	if key, err := LoadOrCreateMasterKey(path); err != nil || !bytes.Equal(key, keys[0]) {
		t.Errorf("a master key was replaced: %v", err)
	}
	other, err := LoadOrCreateMasterKey(filepath.Join(t.TempDir(), "master.key"))
	if err != nil || bytes.Equal(other, keys[0]) {
		t.Errorf("another key is the same, %v", err)
	}
}

func TestMasterKeyRefused(t *testing.T) {
	const good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	for _, test := range []struct {
		name, content string
		mode          fs.FileMode
		want          string // part of the error; empty: accepted
	}{
		{"good", good, 0o600, ""},
		{"read-only", good, 0o400, ""},
		{"without line feed", strings.TrimSpace(good), 0o600, ""},
		{"readable by the group", good, 0o640, "chmod 600"},
		{"readable by the world", good, 0o604, "chmod 600"},
		{"writable by the group", good, 0o620, "chmod 600"},
		{"empty", "", 0o600, "32 bytes"},
		{"short", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n", 0o600, "32 bytes"},
		{"long", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n", 0o600, "32 bytes"},
		{"not base64", "!" + good, 0o600, "32 bytes"},
		{"huge", strings.Repeat(good, 1000), 0o600, "32 bytes"},
	} {
		path := filepath.Join(t.TempDir(), "master.key")
		if err := errors.Join(os.WriteFile(path, []byte(test.content), 0o600), os.Chmod(path, test.mode)); err != nil {
			t.Fatal(err)
		}
		key, err := LoadOrCreateMasterKey(path)
		switch {
		case test.want == "" && (err != nil || key[31] != 31):
			t.Errorf("%s: %v, %v", test.name, key, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path)):
			t.Errorf("%s: %v, want …%s…", test.name, err, test.want)
		case err != nil && strings.Contains(err.Error(), "AAEC"):
			t.Errorf("%s: the error tells the key: %v", test.name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != test.content {
			t.Errorf("%s: the file was changed", test.name)
		}
	}
	if _, err := LoadOrCreateMasterKey(t.TempDir()); err == nil {
		t.Error("a folder was accepted as master key")
	}
	if _, err := LoadOrCreateMasterKey(filepath.Join(t.TempDir(), "absent", "master.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in an absent folder: %v", err)
	}
}

// TestLoadMasterKey: a key that somebody else keeps is the group's to read, as a mounted Secret is, and nobody else's; it is never made.
func TestLoadMasterKey(t *testing.T) {
	folder := t.TempDir()
	made, err := LoadOrCreateMasterKey(filepath.Join(folder, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "master.key")
	if err := os.Symlink("..data", path); err != nil { // as kubelet links what it mounts
		t.Fatal(err)
	}
	for mode, ok := range map[fs.FileMode]bool{0o400: true, 0o440: true, 0o600: true, 0o640: true, 0o444: false, 0o460: false, 0o404: false, 0o610: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		key, err := LoadMasterKey(path)
		if (err == nil) != ok || ok && !bytes.Equal(key, made) {
			t.Errorf("mode %#o: %v", mode, err)
		}
	}
	missing := filepath.Join(folder, "none")
	if _, err := LoadMasterKey(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing key: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a missing key was made")
	}
}
