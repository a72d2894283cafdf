package services

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rclone/gofakes3"
	"go.etcd.io/bbolt"
)

// minPartSize is what every part but the last must have (S3 User Guide, "Amazon S3 multipart upload limits").
const minPartSize = 5 << 20

// CreateMultipartUpload begins an upload. While the S3 opens, it gives gofakes3 the ids of those that exist.
func (b backend) CreateMultipartUpload(ctx context.Context, bucket, key string, meta map[string]string) (gofakes3.UploadID, error) {
	if id := callOf(ctx).restoredUpload; id != "" {
		return gofakes3.UploadID(id), nil
	}
	id := newID()
	return gofakes3.UploadID(id), b.index.db.Update(func(tx *bbolt.Tx) error {
		if _, err := objectsIn(tx, bucket); err != nil {
			return err
		}
		record := uploadRecord{Bucket: bucket, Key: key, Initiated: b.now().UTC(), Meta: withoutDate(meta)}
		return put(tx.Bucket([]byte(inUploads)), []byte(id), record)
	})
}

// UploadPart stores a part in place of any of that number.
func (b backend) UploadPart(ctx context.Context, bucket, key string, id gofakes3.UploadID, number int, size int64, body io.Reader) (string, error) {
	blob, written, sum, err := b.receive(ctx, body, size)
	if err != nil {
		return "", err
	}
	var old partRecord
	err = b.index.db.Update(func(tx *bbolt.Tx) error {
		if _, err := upload(tx, bucket, key, string(id)); err != nil {
			return err
		}
		parts := tx.Bucket([]byte(inParts))
		if old, _, err = get[partRecord](parts, partKey(string(id), number)); err != nil {
			return err
		}
		return put(parts, partKey(string(id), number), partRecord{Blob: blob, Size: written, MD5: sum, Modified: b.now().UTC()})
	})
	if err != nil {
		b.blobs.remove(blob)
		return "", err
	}
	if old.Blob != "" {
		b.unlink([]string{old.Blob})
	}
	return `"` + hex.EncodeToString(sum) + `"`, nil
}

// CompleteMultipartUpload makes an object of the parts that are named.
func (b backend) CompleteMultipartUpload(
	ctx context.Context, bucket, key string, id gofakes3.UploadID, in *gofakes3.CompleteMultipartUploadRequest,
) (gofakes3.VersionID, string, error) {
	chosen, meta, err := b.chooseParts(bucket, key, string(id), in.Parts)
	if err != nil {
		return "", "", err
	}
	record := objectRecord{Modified: b.now().UTC(), Meta: meta}
	var ids []string
	sums := md5.New()
	for _, p := range chosen {
		ids = append(ids, p.Blob)
		record.Size += p.Size
		record.Parts = append(record.Parts, p.Size)
		sums.Write(p.MD5)
	}
	record.MD5 = sums.Sum(nil)
	record.Blob, err = b.blobs.join(ids)
	if errors.Is(err, fs.ErrNotExist) { // a part was uploaded again or aborted meanwhile
		err = gofakes3.ErrInvalidPart
	}
	if err != nil {
		return "", "", err
	}
	err = b.commit(ctx, bucket, key, record, func(tx *bbolt.Tx) ([]string, error) {
		if _, err := upload(tx, bucket, key, string(id)); err != nil { // completed or aborted meanwhile
			return nil, err
		}
		return removeUpload(tx, string(id))
	})
	if err != nil {
		return "", "", err
	}
	return "", record.etag(), nil
}

// chooseParts finds the parts that a request to complete names, and the metadata for the object.
func (s *S3) chooseParts(bucket, key, id string, named []gofakes3.CompletedPart) (chosen []partRecord, meta map[string]string, err error) {
	if len(named) == 0 {
		return nil, nil, gofakes3.ErrMalformedXML
	}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		u, err := upload(tx, bucket, key, id)
		if err != nil {
			return err
		}
		meta = u.Meta
		for i, name := range named {
			if i > 0 && named[i-1].PartNumber >= name.PartNumber {
				return gofakes3.ErrInvalidPartOrder
			}
			if name.PartNumber < 1 || name.PartNumber > gofakes3.MaxUploadPartNumber {
				return gofakes3.ErrInvalidPart
			}
			p, found, err := get[partRecord](tx.Bucket([]byte(inParts)), partKey(id, name.PartNumber))
			switch {
			case err != nil:
				return err
			case !found || strings.Trim(name.ETag, `"`) != hex.EncodeToString(p.MD5):
				return gofakes3.ErrInvalidPart
			case p.Size < minPartSize && i < len(named)-1:
				return refusal(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
			}
			chosen = append(chosen, p)
		}
		return nil
	})
	return chosen, meta, err
}

// AbortMultipartUpload forgets an upload and removes its parts.
func (b backend) AbortMultipartUpload(_ context.Context, bucket, key string, id gofakes3.UploadID) error {
	var garbage []string
	err := b.index.db.Update(func(tx *bbolt.Tx) (err error) {
		if _, err = upload(tx, bucket, key, string(id)); err == nil {
			garbage, err = removeUpload(tx, string(id))
		}
		return err
	})
	b.unlink(garbage)
	return err
}

// gofakes3 lists uploads and parts from its memory, where a restart leaves no parts, and fails on some markers; so the index answers.

type listedPart struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
}

type listPartsResult struct {
	XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket               string
	Key                  string
	UploadID             string `xml:"UploadId"`
	StorageClass         string
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Part                 []listedPart
}

func (s *S3) listParts(a *answer, bucket, key string, query url.Values) {
	result := listPartsResult{Bucket: bucket, Key: key, UploadID: query.Get("uploadId"), StorageClass: "STANDARD"}
	var err error
	if result.MaxParts, err = number(query, "max-parts", gofakes3.MaxUploadPartsLimit); err == nil {
		result.PartNumberMarker, err = number(query, "part-number-marker", 0)
	}
	if err == nil {
		result.MaxParts = min(result.MaxParts, gofakes3.MaxUploadPartsLimit)
		err = s.index.db.View(func(tx *bbolt.Tx) error {
			if _, err := upload(tx, bucket, key, result.UploadID); err != nil {
				return err
			}
			return parts(tx, result.UploadID, func(n int, p partRecord) error {
				switch {
				case n <= result.PartNumberMarker:
				case len(result.Part) == result.MaxParts:
					result.IsTruncated = true
				default:
					result.Part = append(result.Part, listedPart{n, xmlTime(p.Modified), `"` + hex.EncodeToString(p.MD5) + `"`, p.Size})
					result.NextPartNumberMarker = n
				}
				return nil
			})
		})
	}
	a.encode(result, err)
}

type listedUpload struct {
	Key          string
	UploadID     string `xml:"UploadId"`
	StorageClass string
	Initiated    string
	at           time.Time
}

type listedPrefix struct{ Prefix string }

type listUploadsResult struct {
	XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Prefix             string `xml:",omitempty"`
	Delimiter          string `xml:",omitempty"`
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Upload             []listedUpload
	CommonPrefixes     []listedPrefix
}

func (s *S3) listUploads(a *answer, bucket string, query url.Values) {
	result := listUploadsResult{
		Bucket: bucket, Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"), EncodingType: query.Get("encoding-type"),
		KeyMarker: query.Get("key-marker"), UploadIDMarker: query.Get("upload-id-marker"),
	}
	var err error
	if result.MaxUploads, err = number(query, "max-uploads", gofakes3.MaxUploadsLimit); err == nil {
		_, err = s.index.bucket(bucket)
	}
	var found map[string]uploadRecord
	if err == nil {
		found, err = s.index.uploads(bucket)
	}
	if err == nil {
		result.MaxUploads = min(max(result.MaxUploads, 1), gofakes3.MaxUploadsLimit)
		result.fill(found)
	}
	a.encode(result, err)
}

// fill chooses one page: by key, then by the time of initiation, then by id.
func (r *listUploadsResult) fill(found map[string]uploadRecord) {
	var all []listedUpload
	for id, u := range found {
		if strings.HasPrefix(u.Key, r.Prefix) {
			all = append(all, listedUpload{Key: u.Key, UploadID: id, StorageClass: "STANDARD", Initiated: xmlTime(u.Initiated), at: u.Initiated})
		}
	}
	slices.SortFunc(all, func(a, b listedUpload) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), a.at.Compare(b.at), strings.Compare(a.UploadID, b.UploadID))
	})
	if i := slices.IndexFunc(all, func(u listedUpload) bool { return u.Key == r.KeyMarker && u.UploadID == r.UploadIDMarker }); i >= 0 {
		all = all[i+1:]
	} else {
		all = slices.DeleteFunc(all, func(u listedUpload) bool { return u.Key <= r.KeyMarker })
	}
	groups := map[string]bool{}
	for _, u := range all {
		group := groupOf(u.Key, r.Prefix, r.Delimiter)
		if group != "" && (groups[group] || group == r.KeyMarker) {
			continue
		}
		if len(r.Upload)+len(groups) == r.MaxUploads {
			r.IsTruncated = true
			break
		}
		if group != "" {
			groups[group] = true
			r.NextKeyMarker, r.NextUploadIDMarker = group, ""
		} else {
			r.Upload = append(r.Upload, u)
			r.NextKeyMarker, r.NextUploadIDMarker = u.Key, u.UploadID
		}
	}
	if !r.IsTruncated {
		r.NextKeyMarker, r.NextUploadIDMarker = "", ""
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		r.CommonPrefixes = append(r.CommonPrefixes, listedPrefix{group})
	}
	r.encodeKeys()
}

// encodeKeys does what encoding-type=url asks for.
func (r *listUploadsResult) encodeKeys() {
	if r.EncodingType != "url" {
		return
	}
	for _, text := range []*string{&r.Prefix, &r.Delimiter, &r.KeyMarker, &r.NextKeyMarker} {
		*text = encodeKey(*text)
	}
	for i := range r.Upload {
		r.Upload[i].Key = encodeKey(r.Upload[i].Key)
	}
	for i := range r.CommonPrefixes {
		r.CommonPrefixes[i].Prefix = encodeKey(r.CommonPrefixes[i].Prefix)
	}
}

func encodeKey(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}

func groupOf(key, prefix, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	before, _, found := strings.Cut(key[len(prefix):], delimiter)
	if !found {
		return ""
	}
	return prefix + before + delimiter
}

// number reads a query parameter that is a whole number of at least 0.
func number(query url.Values, name string, absent int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, gofakes3.ErrorInvalidArgument(name, text, "Provided "+name+" not an integer or within integer range")
	}
	return n, nil
}

func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
