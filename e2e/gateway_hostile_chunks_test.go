package e2e

import (
	"encoding/base64"
	"hash/crc32"
	"strings"
	"testing"
)

const (
	signedChunks   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	unsignedChunks = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// withChecksum is a chunked body with its CRC-32 in a trailer.
func withChecksum(p *plane, hash string) *chunked {
	c := inChunks(p, hash, "X-Amz-Trailer", "x-amz-checksum-crc32")
	checksum := crc32.NewIEEE()
	checksum.Write([]byte(strings.Repeat("0123456789abcdef", chunkSize*5/2/16)))
	c.trail("x-amz-checksum-crc32:"+base64.StdEncoding.EncodeToString(checksum.Sum(nil)), c.lastSignature())
	return c
}

// lastSignature is that of the empty chunk.
func (c *chunked) lastSignature() string {
	_, signature, _ := strings.Cut(c.pieces[len(c.pieces)-1], "chunk-signature=")
	return strings.TrimSpace(signature)
}

// chunkTricks are bodies in chunks that are not as they were signed.
func chunkTricks() (cases []hostile) {
	add := func(name, hash string, change func(c *chunked)) {
		cases = append(cases, hostile{name: "chunks: " + name, streams: true, make: func(p *plane) string {
			c := inChunks(p, hash)
			if hash != signedChunks {
				c = withChecksum(p, hash)
			}
			change(c)
			return c.text()
		}})
	}
	edit := func(i int, old, with string) func(c *chunked) {
		return func(c *chunked) { c.pieces[i] = strings.Replace(c.pieces[i], old, with, 1) }
	}
	add("a byte changed in the first", signedChunks, edit(0, "0123456789abcdef", "0123456789abcdeX"))
	add("a byte changed in the last", signedChunks, edit(2, "\r\n0123456789abcdef", "\r\n0123456789abcdeX"))
	add("a signature changed", signedChunks, edit(1, "chunk-signature=", "chunk-signature=0"))
	add("a signature of zeros", signedChunks, func(c *chunked) { c.pieces[3] = "0;chunk-signature=" + strings.Repeat("0", 64) + "\r\n\r\n" })
	add("two in another order", signedChunks, func(c *chunked) { c.pieces[0], c.pieces[1] = c.pieces[1], c.pieces[0] })
	add("one twice", signedChunks, func(c *chunked) { c.pieces = append(c.pieces[:1:1], c.pieces...) })
	add("one left out", signedChunks, func(c *chunked) { c.pieces = append(c.pieces[:1:1], c.pieces[2:]...) })
	add("the last left out", signedChunks, func(c *chunked) { c.pieces = c.pieces[:3] })
	add("the end in the middle", signedChunks, func(c *chunked) { c.pieces = append(c.pieces[:1:1], c.pieces[3]) })
	add("more after the end", signedChunks, func(c *chunked) { c.pieces = append(c.pieces, c.pieces[0]) })
	add("noise after the end", signedChunks, func(c *chunked) { c.pieces = append(c.pieces, "noise") })
	add("no signature", signedChunks, func(c *chunked) { c.pieces[0] = "10000\r\n" + strings.SplitN(c.pieces[0], "\r\n", 2)[1] })
	add("another extension", signedChunks, edit(0, ";chunk-signature=", ";surprise=1;chunk-signature="))
	add("a size with a sign", signedChunks, edit(0, "10000;", "+10000;"))
	add("a size with 0x", signedChunks, edit(0, "10000;", "0x10000;"))
	add("a negative size", signedChunks, edit(0, "10000;", "-10000;"))
	add("a size of seventeen digits", signedChunks, edit(0, "10000;", "10000000000010000;"))
	add("a size of a megabyte's digits", signedChunks, edit(0, "10000;", strings.Repeat("0", 1<<20)+"10000;"))
	add("a size that is none", signedChunks, edit(0, "10000;", "zzz;"))
	add("a size too small", signedChunks, edit(0, "10000;", "ffff;"))
	add("a size too large", signedChunks, edit(2, "8000;", "8001;"))
	add("line feeds alone", signedChunks, func(c *chunked) { c.pieces[0] = strings.ReplaceAll(c.pieces[0], "\r\n", "\n") })
	add("a length above the body's", signedChunks, func(c *chunked) { c.request.set("X-Amz-Decoded-Content-Length", "999999") })
	add("no chunks", signedChunks, func(c *chunked) { c.pieces = []string{"content"} })
	add("a body of its own", signedChunks, func(c *chunked) { c.pieces = nil })

	cases = append(cases, declaredTricks()...)
	for _, hash := range []string{signedTrailer, unsignedChunks} {
		add(hash+": another checksum", hash, func(c *chunked) { c.trailer[0] = "x-amz-checksum-crc32:AAAAAA==" })
		add(hash+": no checksum", hash, func(c *chunked) { c.trailer = nil })
		add(hash+": another trailer", hash, func(c *chunked) { c.trailer[0] = strings.Replace(c.trailer[0], "crc32", "crc32c", 1) })
		add(hash+": a trailer more", hash, func(c *chunked) { c.trailer = append([]string{"x-amz-meta-smuggled:1"}, c.trailer...) })
		add(hash+": the trailer twice", hash, func(c *chunked) { c.trailer = append([]string{c.trailer[0]}, c.trailer...) })
		add(hash+": a header for a trailer", hash, func(c *chunked) { c.trailer[0] = "x-amz-acl:public-read" })
		add(hash+": a long trailer", hash, func(c *chunked) { c.trailer[0] += strings.Repeat("x", 1<<20) })
	}
	add("a trailer's signature changed", signedTrailer, func(c *chunked) { c.trailer[1] = "x-amz-trailer-signature:" + strings.Repeat("0", 64) })
	add("no trailer's signature", signedTrailer, func(c *chunked) { c.trailer = c.trailer[:1] })
	add("a trailer that is not announced", signedChunks, func(c *chunked) { c.trailer = []string{"x-amz-checksum-crc32:AAAAAA=="} })
	add("a byte changed", unsignedChunks, edit(0, "0123456789abcdef", "0123456789abcdeX"))
	return cases
}

// declaredTricks are requests whose signed headers say other things than their chunks.
func declaredTricks() (cases []hostile) {
	add := func(name, hash string, header ...string) {
		cases = append(cases, hostile{name: "chunks: " + name, streams: true, make: func(p *plane) string {
			c := inChunks(p, hash, header...)
			return c.text()
		}})
	}
	add("a signature of curves", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")
	add("an unknown payload", "STREAMING-SURPRISE")
	add("an unsigned payload without a trailer", "STREAMING-UNSIGNED-PAYLOAD")
	add("a trailer that no payload has", signedChunks, "X-Amz-Trailer", "x-amz-checksum-crc32")
	add("a trailer that is no checksum", unsignedChunks, "X-Amz-Trailer", "x-amz-meta-a")
	add("two lengths", signedChunks, "X-Amz-Decoded-Content-Length", "1")
	for _, length := range []string{"", "0", "163839", "163841", "-1", "99999999999999999999"} {
		cases = append(cases, hostile{name: "chunks: a length of " + length, streams: true, make: func(p *plane) string {
			c := inChunks(p, signedChunks)
			r := c.request
			c.pieces = nil
			if r.remove("X-Amz-Decoded-Content-Length"); length != "" {
				r.add("X-Amz-Decoded-Content-Length", length)
			}
			r.sign()
			previous := r.signature
			for _, data := range []string{strings.Repeat("0123456789abcdef", chunkSize/16), strings.Repeat("0123456789abcdef", chunkSize/16), strings.Repeat("0123456789abcdef", chunkSize/32), ""} {
				previous = c.chunk(data, previous)
			}
			return c.text()
		}})
	}
	return cases
}

// TestGatewayChunks: what is signed as it should be reaches the backend, with the content and without the client's signatures.
func TestGatewayChunks(t *testing.T) {
	t.Parallel()
	backend := startRecorder(t)
	p := start(t, t.TempDir(), "--gateway", gatewayFile(t, map[string]any{"services": map[string]any{"s3": map[string]any{"url": backend.URL}}}))
	for name, c := range map[string]*chunked{"signed": inChunks(p, signedChunks), "signed with a trailer": withChecksum(p, signedTrailer), "unsigned with a trailer": withChecksum(p, unsignedChunks)} {
		answer, err := p.exchangeRaw(t, c.text(), "PUT")
		if err != nil || answer.status != 200 {
			t.Errorf("%s: answered %d %.300s (%v)", name, answer.status, answer.body, err)
			continue
		}
		got := backend.last.Load()
		if !strings.Contains(got.body, strings.Repeat("0123456789abcdef", 4096)) || got.method != "PUT" || got.target != "/bucket/some/key" {
			t.Errorf("%s: the backend got %s %s with %d bytes", name, got.method, got.target, len(got.body))
		}
		for _, piece := range c.pieces {
			if _, signature, signed := strings.Cut(strings.SplitN(piece, "\r\n", 2)[0], "chunk-signature="); signed && strings.Contains(got.body, signature) {
				t.Errorf("%s: the client's signature %s reached the backend", name, signature)
			}
		}
	}
}

// TestTamperedUploadsLeaveNothing: of a body in chunks that is not as it was signed, no S3 server keeps a part. One that is as it was signed it
// keeps whole, which shows that it believes the chunks that the gateway makes.
func TestTamperedUploadsLeaveNothing(t *testing.T) {
	t.Parallel()
	for server, backend := range s3Servers(t) {
		t.Run(server, func(t *testing.T) {
			p := start(t, t.TempDir(), "--account", motoAccount, "--gateway", gatewayFile(t, map[string]any{"services": map[string]any{"s3": backend}}))
			if answer, err := p.rawFor("s3", "PUT", "/bucket", "").sign().send(t, p); err != nil || answer.status != 200 {
				t.Fatalf("making the bucket: %d %.300s (%v)", answer.status, answer.body, err)
			}
			for _, trick := range chunkTricks() {
				answer, err := p.exchangeRaw(t, trick.make(p), "PUT")
				if err == nil && answer.status < 400 {
					t.Errorf("%s: answered %d", trick.name, answer.status)
				}
				if kept, err := p.rawFor("s3", "GET", "/bucket/some/key", "").sign().send(t, p); err != nil || kept.status != 404 {
					t.Fatalf("%s, answered %d: then GetObject answers %d with %d bytes (%v)", trick.name, answer.status, kept.status, len(kept.body), err)
				}
			}
			for name, c := range map[string]*chunked{"signed": inChunks(p, signedChunks), "signed with a trailer": withChecksum(p, signedTrailer), "unsigned with a trailer": withChecksum(p, unsignedChunks)} {
				if answer, err := p.exchangeRaw(t, c.text(), "PUT"); err != nil || answer.status != 200 {
					t.Errorf("%s: answered %d %.300s (%v)", name, answer.status, answer.body, err)
				}
				kept, err := p.rawFor("s3", "GET", "/bucket/some/key", "").sign().send(t, p)
				if want := strings.Repeat("0123456789abcdef", chunkSize*5/2/16); err != nil || kept.body != want {
					t.Errorf("%s: the server has %d bytes of %d (%v)", name, len(kept.body), len(want), err)
				}
			}
		})
	}
}
