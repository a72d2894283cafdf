package services

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"os"

	"github.com/rclone/gofakes3"
	"go.etcd.io/bbolt"
)

// backend is what gofakes3 calls: its Backend, ObjectTaggingBackend and MultipartBackend.
type backend struct{ *S3 }

var (
	_ gofakes3.Backend              = backend{}
	_ gofakes3.ObjectTaggingBackend = backend{}
	_ gofakes3.MultipartBackend     = backend{}
)

// ListBuckets returns the buckets of the caller's account.
func (b backend) ListBuckets(ctx context.Context) ([]gofakes3.BucketInfo, error) {
	account := callOf(ctx).account
	var list []gofakes3.BucketInfo
	err := b.index.db.View(func(tx *bbolt.Tx) error {
		buckets := tx.Bucket([]byte(inBuckets))
		return buckets.ForEach(func(name, value []byte) error {
			record, err := decode[bucketRecord](value)
			if err == nil && record.Owner == account {
				list = append(list, gofakes3.BucketInfo{Name: string(name), CreationDate: gofakes3.NewContentTime(record.Created)})
			}
			return err
		})
	})
	return list, err
}

// CreateBucket makes the caller's account the owner.
func (b backend) CreateBucket(ctx context.Context, name string) error {
	account := callOf(ctx).account
	return b.index.db.Update(func(tx *bbolt.Tx) error {
		buckets := tx.Bucket([]byte(inBuckets))
		old, found, err := get[bucketRecord](buckets, []byte(name))
		switch {
		case err != nil:
			return err
		case found && old.Owner == account:
			return refusal(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		case found:
			return gofakes3.ErrBucketAlreadyExists
		}
		if _, err := tx.Bucket([]byte(inObjects)).CreateBucket([]byte(name)); err != nil {
			return err
		}
		return put(buckets, []byte(name), bucketRecord{Owner: account, Created: b.now().UTC()})
	})
}

// BucketExists says whether a bucket exists, whoever owns it.
func (b backend) BucketExists(_ context.Context, name string) (bool, error) {
	_, err := b.index.bucket(name)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket) {
		return false, nil
	}
	return err == nil, err
}

// DeleteBucket removes an empty bucket and the uploads that were under way in it.
func (b backend) DeleteBucket(ctx context.Context, name string) error {
	var garbage []string
	var gone map[string]uploadRecord
	err := b.index.db.Update(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, name)
		if err != nil {
			return err
		}
		if k, _ := objects.Cursor().First(); k != nil {
			return gofakes3.ErrBucketNotEmpty
		}
		if gone, err = uploadsIn(tx, name); err != nil {
			return err
		}
		for id := range gone {
			blobs, err := removeUpload(tx, id)
			if err != nil {
				return err
			}
			garbage = append(garbage, blobs...)
		}
		if err := tx.Bucket([]byte(inObjects)).DeleteBucket([]byte(name)); err != nil {
			return err
		}
		return tx.Bucket([]byte(inBuckets)).Delete([]byte(name))
	})
	if err != nil {
		return err
	}
	b.unlink(garbage)
	for id, u := range gone {
		_ = b.fake.ForgetMultipartUpload(ctx, name, u.Key, gofakes3.UploadID(id)) // it knew of it, or there is nothing to forget
	}
	return nil
}

// GetObject opens an object. Overwriting or deleting it later does not disturb who reads it.
func (b backend) GetObject(_ context.Context, bucket, key string, rangeRequest *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	record, file, err := b.open(bucket, key)
	if err != nil {
		return nil, err
	}
	object := describe(key, record)
	if rangeRequest != nil && rangeRequest.FromEnd {
		clamped := *rangeRequest
		clamped.End = min(clamped.End, record.Size) // RFC 9110, 14.1.2: a suffix longer than the object is the object
		rangeRequest = &clamped
	}
	if object.Range, err = rangeRequest.Range(record.Size); err != nil {
		file.Close()
		return nil, err
	}
	object.Contents = file
	if object.Range != nil {
		object.Contents = section{io.NewSectionReader(file, object.Range.Start, object.Range.Length), file}
	}
	return object, nil
}

type section struct {
	io.Reader
	io.Closer
}

// open finds an object and opens its blob.
func (s *S3) open(bucket, key string) (objectRecord, *os.File, error) {
	s.finding.RLock()
	defer s.finding.RUnlock()
	record, err := s.index.object(bucket, key)
	if err != nil {
		return record, nil, err
	}
	file, err := s.blobs.open(record.Blob)
	return record, file, err
}

// unlink removes blobs that the index no longer points to.
func (s *S3) unlink(garbage []string) {
	if len(garbage) == 0 {
		return
	}
	s.finding.Lock()
	defer s.finding.Unlock()
	s.blobs.remove(garbage...)
}

func describe(key string, record objectRecord) *gofakes3.Object {
	meta := map[string]string{
		"Content-Type":  "binary/octet-stream", // S3's default; net/http would guess, and an object could become a page
		"Last-Modified": record.Modified.UTC().Format(http.TimeFormat),
	}
	for name, value := range record.Meta {
		meta[name] = value
	}
	return &gofakes3.Object{
		Name: key, Metadata: meta, Size: record.Size, Hash: record.hash(), PartSizes: record.Parts, Contents: http.NoBody,
	}
}

// HeadObject describes an object.
func (b backend) HeadObject(_ context.Context, bucket, key string) (*gofakes3.Object, error) {
	record, err := b.index.object(bucket, key)
	if err != nil {
		return nil, err
	}
	return describe(key, record), nil
}

// DeleteObject removes an object, if there is one.
func (b backend) DeleteObject(ctx context.Context, bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	_, err := b.delete(bucket, key)
	return gofakes3.ObjectDeleteResult{}, err
}

// DeleteMulti removes objects in one transaction.
func (b backend) DeleteMulti(_ context.Context, bucket string, keys ...string) (result gofakes3.MultiDeleteResult, err error) {
	deleted, err := b.delete(bucket, keys...)
	for _, key := range deleted {
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
	}
	return result, err
}

func (b backend) delete(bucket string, keys ...string) ([]string, error) {
	var garbage []string
	err := b.index.db.Update(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, bucket)
		if err != nil {
			return err
		}
		for _, key := range keys {
			record, found, err := get[objectRecord](objects, []byte(key))
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			garbage = append(garbage, record.Blob)
			if err := objects.Delete([]byte(key)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.unlink(garbage)
	return keys, nil
}

// PutObject stores an object, once its whole body has come without an error.
func (b backend) PutObject(ctx context.Context, bucket, key string, meta map[string]string, input io.Reader, size int64) (gofakes3.PutObjectResult, error) {
	blob, written, sum, err := b.receive(ctx, input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	record := objectRecord{Blob: blob, Size: written, MD5: sum, Modified: b.now().UTC(), Meta: withoutDate(meta)}
	return gofakes3.PutObjectResult{}, b.commit(ctx, bucket, key, record, nil)
}

// receive writes a body of size bytes (-1: until its end) into a blob that nothing points to yet.
func (s *S3) receive(ctx context.Context, input io.Reader, size int64) (blob string, written int64, sum []byte, err error) {
	blob, written, sum, err = s.blobs.create(input)
	if err != nil {
		return "", 0, nil, err
	}
	if size >= 0 && written != size {
		err = gofakes3.ErrIncompleteBody
	} else {
		err = callOf(ctx).body.settle()
	}
	if err != nil {
		s.blobs.remove(blob)
		return "", 0, nil, err
	}
	return blob, written, sum, nil
}

// commit points a key at a new blob and removes the old one; where it fails the new one goes. also joins the transaction. The owner is looked at
// once more: a client may send its body so slowly that the bucket is deleted and made anew by another account meanwhile.
func (s *S3) commit(ctx context.Context, bucket, key string, record objectRecord, also func(*bbolt.Tx) (garbage []string, err error)) error {
	conditions := func(exists bool, etag string) error { return gofakes3.CheckWriteConditions(ctx, exists, etag) }
	var garbage, more []string
	err := s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		if err := checkOwner(tx, bucket, callOf(ctx).expectedOwner); err != nil {
			return err
		}
		if also != nil {
			if more, err = also(tx); err != nil {
				return err
			}
		}
		garbage, err = replaceObject(tx, conditions, bucket, key, record)
		return err
	})
	if err != nil {
		s.blobs.remove(record.Blob)
		return err
	}
	s.unlink(append(garbage, more...))
	return nil
}

// checkOwner holds a bucket against the owner that a request expects, within a transaction.
func checkOwner(tx *bbolt.Tx, bucket, expected string) error {
	record, found, err := get[bucketRecord](tx.Bucket([]byte(inBuckets)), []byte(bucket))
	if err == nil && found && expected != "" && record.Owner != expected {
		err = errDenied
	}
	return err
}

// withoutDate drops what describe puts in anew.
func withoutDate(meta map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range meta {
		if name != "Last-Modified" {
			kept[name] = value
		}
	}
	return kept
}

// CopyObject gives an object's content a second key. The ETag stays, that of a multipart upload too.
func (b backend) CopyObject(ctx context.Context, sourceBucket, sourceKey, bucket, key string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	record, err := b.linkObject(sourceBucket, sourceKey)
	if err != nil {
		return gofakes3.CopyObjectResult{}, err
	}
	record.Modified, record.Meta = b.now().UTC(), withoutDate(meta)
	if err := b.commit(ctx, bucket, key, record, nil); err != nil {
		return gofakes3.CopyObjectResult{}, err
	}
	return gofakes3.CopyObjectResult{ETag: record.etag(), LastModified: gofakes3.NewContentTime(record.Modified)}, nil
}

func (s *S3) linkObject(bucket, key string) (objectRecord, error) {
	s.finding.RLock()
	defer s.finding.RUnlock()
	record, err := s.index.object(bucket, key)
	if err != nil {
		return record, err
	}
	record.Blob, err = s.blobs.link(record.Blob)
	return record, err
}

// SetObjectTagging replaces an object's tags, and nothing else of it.
func (b backend) SetObjectTagging(_ context.Context, bucket, key, tagging string) error {
	return b.index.db.Update(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, bucket)
		if err != nil {
			return err
		}
		record, found, err := get[objectRecord](objects, []byte(key))
		if err != nil {
			return err
		}
		if !found {
			return gofakes3.KeyNotFound(key)
		}
		record.Meta = withoutDate(record.Meta)
		delete(record.Meta, gofakes3.TaggingMetadataKey)
		if tagging != "" {
			record.Meta[gofakes3.TaggingMetadataKey] = tagging
		}
		return put(objects, []byte(key), record)
	})
}

// ListBucket returns one page of a bucket's keys; a page costs what it holds, however large the bucket and its folders are.
func (b backend) ListBucket(_ context.Context, bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	list := gofakes3.NewObjectList()
	limit := int(cmp.Or(page.MaxKeys, gofakes3.MaxBucketKeys))
	err := b.index.db.View(func(tx *bbolt.Tx) error {
		objects, err := objectsIn(tx, bucket)
		if err != nil {
			return err
		}
		made, _, err := get[bucketRecord](tx.Bucket([]byte(inBuckets)), []byte(bucket))
		if err != nil {
			return err
		}
		owner := canonicalUser(made.Owner)
		walk := walker{cursor: objects.Cursor(), prefix: prefix.Prefix, delimiter: prefix.Delimiter}
		for k, v, group := walk.start(page.Marker); k != nil; k, v, group = walk.next() {
			if len(list.Contents)+len(list.CommonPrefixes) == limit {
				list.IsTruncated = true
				return nil
			}
			if group {
				list.AddPrefix(string(k))
			} else {
				record, err := decode[objectRecord](v)
				if err != nil {
					return err
				}
				list.Add(&gofakes3.Content{
					Key: string(k), LastModified: gofakes3.NewContentTime(record.Modified), ETag: record.etag(), Size: record.Size, Owner: owner,
				})
			}
			list.NextMarker = string(k)
		}
		list.NextMarker = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
