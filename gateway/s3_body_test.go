package gateway

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sigv4"
)

// TestVerifiedBodyHoldsTheEnd: whatever the sizes of reads, a body of another hash is never read to its end, and never ends in io.EOF.
func TestVerifiedBodyHoldsTheEnd(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 1000)
	readers := map[string]func(io.Reader) io.Reader{
		"whole":                 func(r io.Reader) io.Reader { return r },
		"byte by byte":          iotest.OneByteReader,
		"halves":                iotest.HalfReader,
		"the end with its data": iotest.DataErrReader,
	}
	for name, wrap := range readers {
		good, err := newVerifiedBody(wrap(bytes.NewReader(content)), int64(len(content)), hexSHA256(content), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(good); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: the signed body gives %d bytes, %v", name, len(got), err)
		}
		bad, err := newVerifiedBody(wrap(bytes.NewReader(content)), int64(len(content)), hexSHA256([]byte("another")), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(bad)
		if e, ok := errors.AsType[*iam.Error](err); !ok || e.Code != "XAmzContentSHA256Mismatch" || len(got) >= len(content) {
			t.Errorf("%s: another body gives %d bytes, %v", name, len(got), err)
		}
		if _, again := bad.Read(make([]byte, 1)); again != err {
			t.Errorf("%s: read again gives %v", name, again)
		}
	}
}

func TestVerifiedBodyLength(t *testing.T) {
	content := []byte("content")
	long, err := newVerifiedBody(bytes.NewReader(content), 3, hexSHA256(content[:3]), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(long); err != nil || string(got) != "con" {
		t.Errorf("a body longer than announced gives %q, %v", got, err)
	}
	short, err := newVerifiedBody(bytes.NewReader(content), 9, sigv4.UnsignedPayload, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(short); err == nil || codeOf(bodyError(err)) != "IncompleteBody" {
		t.Errorf("a body shorter than announced gives %v", err)
	}
	broken, err := newVerifiedBody(iotest.ErrReader(errors.New("reset")), 9, sigv4.UnsignedPayload, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(broken); err == nil || codeOf(bodyError(err)) != "IncompleteBody" {
		t.Errorf("a broken connection gives %v", err)
	}
	empty, err := newVerifiedBody(bytes.NewReader(nil), 0, hexSHA256(content), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.start(); err == nil {
		t.Error("an empty body passes for another")
	}
}

// TestChecksums uses the check values of "123456789" from each algorithm's catalogue entry; the digests are Python's.
func TestChecksums(t *testing.T) {
	content := []byte("123456789")
	cases := map[string]string{
		"content-md5":              "JfnnlDI7RTiF9RgfG2JNCw==",
		"x-amz-checksum-crc32":     "y/Q5Jg==",
		"x-amz-checksum-crc32c":    "4waSgw==",
		"x-amz-checksum-crc64nvme": "rosUhgp5mIg=",
		"x-amz-checksum-sha1":      "98O8HYCOBHMq32eZZczDTKeuNEE=",
		"x-amz-checksum-sha256":    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
	}
	for name, want := range cases {
		for _, c := range []struct {
			content []byte
			ok      bool
		}{{content, true}, {[]byte("123456780"), false}} {
			body, err := newVerifiedBody(bytes.NewReader(c.content), 9, sigv4.UnsignedPayload, map[string]string{name: want})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := io.ReadAll(body); (err == nil) != c.ok {
				t.Errorf("%s of %s: %v", name, c.content, err)
			}
		}
		if _, err := newVerifiedBody(bytes.NewReader(content), 9, sigv4.UnsignedPayload, map[string]string{name: "AAA="}); err == nil {
			t.Errorf("%s of another length passes", name)
		}
	}
}
