package gateway

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
)

const checksumPrefix = "x-amz-checksum-"

// The tables of the checksums that are not the IEEE's.
var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// newChecksum makes one of S3's checksums (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html). It is nil
// for the others: what a header says of an XXH3, for example, is the backend's to verify.
func newChecksum(algorithm string) hash.Hash {
	switch algorithm {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(castagnoli)
	case "crc64nvme":
		return crc64.New(nvme)
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	case "sha512":
		return sha512.New()
	}
	return nil
}

// checksumsOf are the headers of an operation that tell checksums of its body. Those of CompleteMultipartUpload, but for its MD5, are the object's
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
func checksumsOf(operation awsmodel.S3Operation) map[string]string {
	if operation.Name != "CompleteMultipartUpload" {
		return operation.Header
	}
	own := map[string]string{}
	if text, ok := operation.Header["content-md5"]; ok {
		own["content-md5"] = text
	}
	return own
}

// checksumCheck is the check that a header or trailer of that name asks for; false where it is none that is known.
func checksumCheck(name string) (check, bool) {
	algorithm, ok := strings.CutPrefix(name, checksumPrefix)
	if !ok {
		return check{}, false
	}
	sum := newChecksum(algorithm)
	c := check{Hash: sum, code: "BadDigest", message: "The " + strings.ToUpper(algorithm) + " you specified did not match the calculated checksum."}
	return c, sum != nil
}

// decodeChecksum is what a header or trailer says that a checksum is; nil where it is not in the form of one.
func decodeChecksum(c check, text string) []byte {
	want, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(want) != c.Size() || base64.StdEncoding.EncodeToString(want) != text { // one spelling, since it is passed on
		return nil
	}
	return want
}
