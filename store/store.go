// Package store keeps the records of the directory, and the plane's keys sealed under the master key. It
// implements [iam.Store], whose prose is the contract, with one bbolt file, and makes the master key's file.
//
// It owns the file: its format and version, its lock, how values under [iam.SealedPrefix] are encrypted, and the
// past changes that watchers see. It does not own what records mean; their layout, schema version and migration
// are package iam's.
//
// What sealing gives: who has the file, or a backup of it, without the master key learns the keys of sealed
// records and the lengths of their values, not the values, and cannot change one or pass one record's value off as
// another's. It does not stop whoever can write the file from putting an older copy of it back.
package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/openirsa/openirsa/iam"
)

// What Open and the methods of a Bolt report, wrapped.
var (
	// ErrLocked: another process has the file open.
	ErrLocked = errors.New("another process has it open (is `irsa up` or `irsa serve` running?)")
	// ErrMasterKey: the master key is not the one that the file was created with.
	ErrMasterKey = errors.New("the master key is not the one that this store was created with")
	// ErrNewerFormat: a later version of the program wrote the file.
	ErrNewerFormat = errors.New("a newer version of irsa wrote it; use that version")
	// ErrDamaged: the file is not a store, or not a whole one.
	ErrDamaged = errors.New("it is damaged or not a store; restore a backup")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
)

const (
	format = 1 // of the file, raised when an older program could not read it

	lockWait     = time.Second
	historyCount = 4096
	historyBytes = 16 << 20

	// mapSize is address space, not memory or disk. Only when the file outgrows its mapping must a writer wait
	// for the readers, of which Backup may be a slow one.
	mapSize = 64 << 20
)

// The file's two buckets. Records maps a key to the revision (8 bytes, big-endian) and the value, sealed or not.
// Meta holds three: the format and the store's revision as 8 bytes big-endian, and a sealed value that tells whether the
// master key is the right one.
var (
	bucketRecords = []byte("records")
	bucketMeta    = []byte("meta")

	metaFormat   = []byte("format")
	metaRevision = []byte("revision")
	metaCheck    = []byte("check")
)

// Config of a Bolt store.
type Config struct {
	Path      string // of the file; created with mode 0600 in a folder that exists
	MasterKey []byte // 32 bytes; see LoadOrCreateMasterKey
	History   int    // past changes kept for Watch, at most 16 MiB of them; 0: 4096
}

// Bolt is an iam.Store in one bbolt file. One process at a time can have the file open.
type Bolt struct {
	db      *bolt.DB
	sealer  *sealer
	history *history

	queueMu sync.Mutex
	queue   []*batch
	writeMu sync.Mutex // held by the one caller that commits what is queued
}

var _ iam.Store = (*Bolt)(nil)

// Open opens the file at c.Path, or creates it. When another process has it open, Open waits for a second and then
// reports ErrLocked. It reports ErrMasterKey, ErrNewerFormat and ErrDamaged without having changed anything.
func Open(c Config) (*Bolt, error) {
	sealer, err := newSealer(c.MasterKey)
	if err != nil {
		return nil, err
	}
	if c.History <= 0 {
		c.History = historyCount
	}
	b := &Bolt{sealer: sealer}
	if err := b.open(c); err != nil {
		if b.db != nil {
			err = errors.Join(err, b.db.Close())
		}
		return nil, fmt.Errorf("opening store %s: %w", c.Path, err)
	}
	return b, nil
}

// open fills b. The panics that it turns into errors are bbolt's on pages that make no sense, and the memory faults
// of a mapping that reaches beyond the end of a file cut short.
func (b *Bolt) open(c Config) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%v)", ErrDamaged, p)
		}
	}()
	b.db, err = bolt.Open(c.Path, 0o600, &bolt.Options{
		Timeout:         lockWait,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: mapSize,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrLocked
	case errors.As(err, new(*fs.PathError)), errors.As(err, new(syscall.Errno)):
		return err // the system's complaint, not bbolt's about what is in the file
	case err != nil:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	if err := b.checkSize(); err != nil {
		return err
	}
	if err := b.prepare(); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(c.Path)); err != nil {
		return err
	}
	return b.db.View(func(tx *bolt.Tx) error {
		b.history = newHistory(c.History, historyBytes, readNumber(tx.Bucket(bucketMeta), metaRevision))
		return nil
	})
}

// checkSize refuses a file cut short, in which a later read would hit memory that is not there.
func (b *Bolt) checkSize() error {
	info, err := os.Stat(b.db.Path())
	if err != nil {
		return err
	}
	return b.db.View(func(tx *bolt.Tx) error {
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w (%d bytes of %d)", ErrDamaged, info.Size(), tx.Size())
		}
		return nil
	})
}

// prepare checks a file that has content, and lays out a new one.
func (b *Bolt) prepare() error {
	var isNew bool
	err := b.db.View(func(tx *bolt.Tx) error {
		meta, records := tx.Bucket(bucketMeta), tx.Bucket(bucketRecords)
		if first, _ := tx.Cursor().First(); first == nil {
			isNew = true
			return nil
		}
		if meta == nil || records == nil {
			return ErrDamaged
		}
		if found := readNumber(meta, metaFormat); found > format {
			return fmt.Errorf("%w (format %d, this one knows %d)", ErrNewerFormat, found, format)
		} else if found != format {
			return ErrDamaged
		}
		if _, err := b.sealer.open(string(metaCheck), meta.Get(metaCheck)); err != nil {
			return ErrMasterKey
		}
		return nil
	})
	if err != nil || !isNew {
		return err
	}
	return b.db.Update(func(tx *bolt.Tx) error {
		meta, err := tx.CreateBucket(bucketMeta)
		if err != nil {
			return err
		}
		_, err = tx.CreateBucket(bucketRecords)
		return errors.Join(err,
			writeNumber(meta, metaFormat, format),
			writeNumber(meta, metaRevision, 0),
			meta.Put(metaCheck, b.sealer.seal(nil, string(metaCheck), nil)))
	})
}

// Backup writes a copy of the file, of one revision, to w while the store is in use. Sealed values stay sealed:
// the copy is of use only with the master key, which is not in it.
func (b *Bolt) Backup(w io.Writer) error {
	err := b.db.View(func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(w)
		return err
	})
	return wrap("backing up the store", err)
}

// Close ends every Watch, waits for the calls that have begun and closes the file. Closing twice is no error.
func (b *Bolt) Close() error {
	b.history.close()
	b.writeMu.Lock()
	defer b.writeMu.Unlock()
	return wrap("closing the store", b.db.Close())
}

// wrap says what failed, and says ErrClosed for what bbolt calls it.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		err = ErrClosed
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// readNumber returns the number under key, or -1 when there is none: no valid format or revision.
func readNumber(b *bolt.Bucket, key []byte) int64 {
	v := b.Get(key)
	if len(v) != 8 {
		return -1
	}
	return int64(binary.BigEndian.Uint64(v))
}

func writeNumber(b *bolt.Bucket, key []byte, n int64) error {
	return b.Put(slices.Clone(key), binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// syncFolder makes the names in a folder survive the loss of power. Windows does that by itself, and cannot be asked to.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
