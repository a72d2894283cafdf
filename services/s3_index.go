package services

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rclone/gofakes3"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The index's top-level bbolt buckets. "objects" holds one nested bucket for each S3 bucket, so that its cursor walks exactly its keys.
// A part's key is its upload's id, which has a fixed length, and its number in two bytes.
const (
	inMeta    = "meta"    // "version" → indexVersion
	inBuckets = "buckets" // name → bucketRecord
	inObjects = "objects" // name → key → objectRecord
	inUploads = "uploads" // id → uploadRecord
	inParts   = "parts"   // id, number → partRecord

	indexVersion = "1"
)

type bucketRecord struct {
	Owner   string
	Created time.Time
}

type objectRecord struct {
	Blob     string
	Size     int64
	MD5      []byte  // of the content, or of its parts' MD5s
	Parts    []int64 `json:",omitempty"` // sizes; nil: not a multipart upload
	Modified time.Time
	Meta     map[string]string `json:",omitempty"`
}

type uploadRecord struct {
	Bucket, Key string
	Initiated   time.Time
	Meta        map[string]string `json:",omitempty"`
}

type partRecord struct {
	Blob     string
	Size     int64
	MD5      []byte
	Modified time.Time
}

// hash is the ETag as gofakes3 wants it: bytes that it prints in hex. A multipart upload's number of parts follows in two bytes; showETag
// and hideETag turn that into S3's form and back.
func (o objectRecord) hash() []byte {
	if o.Parts == nil {
		return o.MD5
	}
	return binary.BigEndian.AppendUint16(append([]byte(nil), o.MD5...), uint16(len(o.Parts)))
}

// etag is the ETag as clients see it, with quotes.
func (o objectRecord) etag() string {
	if o.Parts == nil {
		return `"` + hex.EncodeToString(o.MD5) + `"`
	}
	return fmt.Sprintf(`"%x-%d"`, o.MD5, len(o.Parts))
}

func partKey(upload string, number int) []byte {
	return binary.BigEndian.AppendUint16([]byte(upload), uint16(number))
}

// index is the bbolt file.
type index struct{ db *bbolt.DB }

func openIndex(path string) (index, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if errors.Is(err, berrors.ErrTimeout) {
		err = errors.New("another process has it open")
	}
	if err != nil {
		return index{}, fmt.Errorf("opening S3 index: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{inMeta, inBuckets, inObjects, inUploads, inParts} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(inMeta))
		switch version := string(meta.Get([]byte("version"))); version {
		case "":
			return meta.Put([]byte("version"), []byte(indexVersion))
		case indexVersion:
			return nil
		default:
			return fmt.Errorf("its version is %q, this program knows %q", version, indexVersion)
		}
	})
	if err != nil {
		return index{}, fmt.Errorf("opening S3 index: %w", errors.Join(err, db.Close()))
	}
	return index{db}, nil
}

func (x index) close() error { return x.db.Close() }

// get reads one record of a bbolt bucket; found is false where there is none.
func get[T any](b *bbolt.Bucket, key []byte) (record T, found bool, err error) {
	value := b.Get(key)
	if value == nil {
		return record, false, nil
	}
	record, err = decode[T](value)
	return record, err == nil, err
}

func decode[T any](value []byte) (record T, err error) {
	if err = json.Unmarshal(value, &record); err != nil {
		err = fmt.Errorf("reading S3 index: %w", err)
	}
	return record, err
}

func put(b *bbolt.Bucket, key []byte, record any) error {
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("writing S3 index: %w", err)
	}
	return b.Put(key, value)
}

// objectsIn returns the keys of an S3 bucket, or S3's error where there is no such bucket.
func objectsIn(tx *bbolt.Tx, bucket string) (*bbolt.Bucket, error) {
	if b := tx.Bucket([]byte(inObjects)).Bucket([]byte(bucket)); b != nil {
		return b, nil
	}
	return nil, gofakes3.BucketNotFound(bucket)
}

// bucket finds a bucket, or S3's error.
func (x index) bucket(name string) (b bucketRecord, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		var found bool
		if b, found, err = get[bucketRecord](tx.Bucket([]byte(inBuckets)), []byte(name)); err == nil && !found {
			err = gofakes3.BucketNotFound(name)
		}
		return err
	})
	return b, err
}

// object finds an object, or S3's error.
func (x index) object(bucket, key string) (o objectRecord, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, bucket)
		if err != nil {
			return err
		}
		var found bool
		if o, found, err = get[objectRecord](objects, []byte(key)); err == nil && !found {
			err = gofakes3.KeyNotFound(key)
		}
		return err
	})
	return o, err
}

// upload finds an upload within tx, or S3's error.
func upload(tx *bbolt.Tx, bucket, key, id string) (uploadRecord, error) {
	u, found, err := get[uploadRecord](tx.Bucket([]byte(inUploads)), []byte(id))
	if err == nil && (!found || u.Bucket != bucket || u.Key != key) {
		err = gofakes3.ErrNoSuchUpload
	}
	return u, err
}

// parts calls each for the parts of an upload in ascending order.
func parts(tx *bbolt.Tx, id string, each func(number int, p partRecord) error) error {
	cursor := tx.Bucket([]byte(inParts)).Cursor()
	for k, v := cursor.Seek([]byte(id)); len(k) == len(id)+2 && string(k[:len(id)]) == id; k, v = cursor.Next() {
		p, err := decode[partRecord](v)
		if err != nil {
			return err
		}
		if err := each(int(binary.BigEndian.Uint16(k[len(id):])), p); err != nil {
			return err
		}
	}
	return nil
}

// removeUpload deletes an upload and its parts, and returns their blobs.
func removeUpload(tx *bbolt.Tx, id string) (garbage []string, err error) {
	var keys [][]byte
	err = parts(tx, id, func(number int, p partRecord) error {
		garbage = append(garbage, p.Blob)
		keys = append(keys, partKey(id, number))
		return nil
	})
	for _, key := range keys {
		if err == nil {
			err = tx.Bucket([]byte(inParts)).Delete(key)
		}
	}
	if err == nil {
		err = tx.Bucket([]byte(inUploads)).Delete([]byte(id))
	}
	return garbage, err
}

// replaceObject points a key at o, if the request's conditions hold for what is there, and returns the blob that it pointed at.
func replaceObject(tx *bbolt.Tx, conditions func(exists bool, etag string) error, bucket, key string, o objectRecord) (garbage []string, err error) {
	objects, err := objectsIn(tx, bucket)
	if err != nil {
		return nil, err
	}
	old, found, err := get[objectRecord](objects, []byte(key))
	if err != nil {
		return nil, err
	}
	if err := conditions(found, hex.EncodeToString(old.hash())); err != nil {
		return nil, err
	}
	if found && old.Blob != o.Blob {
		garbage = []string{old.Blob}
	}
	return garbage, put(objects, []byte(key), o)
}

// uploadsIn returns the uploads to one bucket, or to all if bucket is empty, by id.
func uploadsIn(tx *bbolt.Tx, bucket string) (map[string]uploadRecord, error) {
	found := map[string]uploadRecord{}
	err := tx.Bucket([]byte(inUploads)).ForEach(func(id, value []byte) error {
		u, err := decode[uploadRecord](value)
		if err == nil && (bucket == "" || u.Bucket == bucket) {
			found[string(id)] = u
		}
		return err
	})
	return found, err
}

// uploads is uploadsIn in a transaction of its own.
func (x index) uploads(bucket string) (found map[string]uploadRecord, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		found, err = uploadsIn(tx, bucket)
		return err
	})
	return found, err
}

// blobsInUse returns every blob that a record points to.
func (x index) blobsInUse() (map[string]bool, error) {
	used := map[string]bool{}
	add := func(_, v []byte) error {
		record, err := decode[struct{ Blob string }](v)
		used[record.Blob] = true
		return err
	}
	err := x.db.View(func(tx *bbolt.Tx) error {
		objects := tx.Bucket([]byte(inObjects))
		if err := objects.ForEachBucket(func(name []byte) error { return objects.Bucket(name).ForEach(add) }); err != nil {
			return err
		}
		return tx.Bucket([]byte(inParts)).ForEach(add)
	})
	return used, err
}
