package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/sigv4"
)

// patience is how long the planes of these tests wait for 8 KiB.
const patience = 500 * time.Millisecond

// impatientPlanes are one plane with the embedded S3 and one with a server of its own, each with an empty bucket.
func impatientPlanes(t *testing.T) (planes map[string]*plane, o *outside) {
	t.Helper()
	change := func(c *gateway.Config) { c.UploadPatience, c.DownloadPatience = patience, patience }
	embedded := newPlaneWith(t, change)
	away, o := newOutsidePlaneWith(t, 0, change)
	planes = map[string]*plane{"embedded": embedded, "outside": away}
	for _, p := range planes {
		p.fill(t, p.root, "bucket")
	}
	return planes, o
}

// openUpload is a connection on which the head of a PUT was sent.
type openUpload struct {
	net.Conn
	answers *bufio.Reader
}

// beginUpload sends the head of a request of so many bytes.
func (p *plane) beginUpload(t *testing.T, method, target string, header http.Header, length int) openUpload {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	t.Cleanup(func() { connection.Close() })
	must(t, connection.SetDeadline(time.Now().Add(30*time.Second)))
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, target, strings.TrimPrefix(p.url, "http://"), length)
	must(t, header.Write(&head))
	_, err = io.WriteString(connection, head.String()+"\r\n")
	must(t, err)
	return openUpload{connection, bufio.NewReader(connection)}
}

func (p *plane) beginPut(t *testing.T, hash string, length int) openUpload {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", nil)
	must(t, err)
	return p.beginUpload(t, "PUT", "/bucket/key", p.sign(t, request, hash), length)
}

// answer reads the answer, and tells whether the connection ends with it.
func (u openUpload) answer(t *testing.T) (response *http.Response, body string, ends bool) {
	t.Helper()
	response, err := http.ReadResponse(u.answers, &http.Request{Method: "PUT"})
	must(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	must(t, err)
	return response, string(content), response.Close
}

// drip sends text in pieces, one each interval, until the end or the plane's answer.
func (u openUpload) drip(text string, size int, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := io.WriteString(u, text[:n]); err != nil {
			return
		}
		text = text[n:]
		<-tick.C
	}
}

// TestStalledUpload: a client that stalls, or sends a byte now and then, is told so in S3's words soon, wherever in its body that is, and its connection
// ends. No object is made of it.
func TestStalledUpload(t *testing.T) {
	planes, _ := impatientPlanes(t)
	content := strings.Repeat("0123456789abcdef", 64<<10/16)
	stalls := map[string]func(t *testing.T, p *plane) openUpload{
		"before the first byte": func(t *testing.T, p *plane) openUpload { return p.beginPut(t, hexOf(content), len(content)) },
		"midway": func(t *testing.T, p *plane) openUpload {
			u := p.beginPut(t, hexOf(content), len(content))
			_, err := io.WriteString(u, content[:40000])
			must(t, err)
			return u
		},
		"before the last byte": func(t *testing.T, p *plane) openUpload {
			u := p.beginPut(t, "UNSIGNED-PAYLOAD", len(content))
			_, err := io.WriteString(u, content[1:])
			must(t, err)
			return u
		},
		"drips": func(t *testing.T, p *plane) openUpload {
			u := p.beginPut(t, "UNSIGNED-PAYLOAD", len(content))
			go u.drip(content, 1, patience/20)
			return u
		},
		"within a chunk": func(t *testing.T, p *plane) openUpload { return p.beginChunks(t, content, 50000) },
		"within a chunk's header": func(t *testing.T, p *plane) openUpload {
			return p.beginChunks(t, content, 20)
		},
		"within a form's file": func(t *testing.T, p *plane) openUpload {
			file := "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nkey\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
			p.open(t)
			u := p.beginUpload(t, "POST", "/bucket", http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, 100000)
			_, err := io.WriteString(u, file+content)
			must(t, err)
			return u
		},
	}
	for kind, p := range planes {
		for name, stall := range stalls {
			t.Run(kind+"/"+name, func(t *testing.T) {
				began := time.Now()
				response, body, ends := stall(t, p).answer(t)
				if code, message := refused(t, response, []byte(body)); response.StatusCode != 400 || code != "RequestTimeout" ||
					message != "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed." {
					t.Errorf("%d %s", response.StatusCode, body)
				}
				if !ends {
					t.Error("the connection goes on")
				}
				if took := time.Since(began); took > 20*patience {
					t.Errorf("answered after %v", took)
				}
				if event := p.event(t, response.Header.Get("x-amz-request-id")); event.ErrorCode != "RequestTimeout" {
					t.Errorf("the event is %q %q", event.ErrorCode, event.Explanation)
				}
				_, err := p.client(p.root).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
				if err == nil {
					t.Error("there is an object")
				}
			})
		}
	}
}

// open lets everybody write to the bucket.
func (p *plane) open(t *testing.T) {
	t.Helper()
	_, err := p.client(p.root).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("bucket"), Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*"}]}`)})
	must(t, err)
}

// beginChunks sends so much of a body in signed chunks.
func (p *plane) beginChunks(t *testing.T, content string, size int) openUpload {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", nil)
	must(t, err)
	header, encoded := p.chunks(t, request, sigv4.StreamingPayload, content, "", "")
	u := p.beginUpload(t, "PUT", "/bucket/key", header, len(encoded))
	_, err = io.WriteString(u, encoded[:size])
	must(t, err)
	return u
}

// chunks is the signed header of a PUT of content in chunks, and its body.
func (p *plane) chunks(t testing.TB, request *http.Request, payload, content, trailer, value string) (http.Header, string) {
	t.Helper()
	header := map[string][]string{"Content-Encoding": {"aws-chunked"}, "X-Amz-Decoded-Content-Length": {fmt.Sprint(len(content))}}
	body := sigv4.Chunked{Payload: payload, Length: int64(len(content))}
	if trailer != "" {
		header["X-Amz-Trailer"], body.Trailers = []string{trailer}, []string{trailer}
	}
	signed := &sigv4.Request{Method: "PUT", Path: request.URL.EscapedPath(), Host: request.URL.Host, Header: header, PayloadHash: payload}
	must(t, sigv4.Sign(signed, p.root, region, "s3", time.Now()))
	authorization, err := sigv4.Parse(signed)
	must(t, err)
	body.Authorization, body.Key = authorization, sigv4.SigningKey(p.root.SecretAccessKey, authorization.Scope)
	encoded, err := io.ReadAll(sigv4.NewChunkEncoder(strings.NewReader(content), body, func(string) string { return value }))
	must(t, err)
	return signed.Header, string(encoded)
}

// TestSlowUpload: an upload that takes many times the patience, but moves, is kept whole, in chunks or not.
func TestSlowUpload(t *testing.T) {
	planes, _ := impatientPlanes(t)
	content := strings.Repeat("0123456789abcdef", 20*9000/16)
	for kind, p := range planes {
		for _, form := range []string{"signed", "in chunks"} {
			t.Run(kind+"/"+form, func(t *testing.T) {
				t.Parallel()
				sent, u := content, openUpload{}
				if form == "signed" {
					u = p.beginPut(t, hexOf(content), len(content))
				} else {
					request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", nil)
					must(t, err)
					var header http.Header
					header, sent = p.chunks(t, request, sigv4.StreamingPayload, content, "", "")
					u = p.beginUpload(t, "PUT", "/bucket/key", header, len(sent))
				}
				began := time.Now()
				u.drip(sent, 6000, patience/10)
				if took := time.Since(began); took < 2*patience {
					t.Fatalf("it took only %v", took)
				}
				if response, body, ends := u.answer(t); response.StatusCode != 200 || ends {
					t.Errorf("%d %s", response.StatusCode, body)
				}
				got, err := p.client(p.root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
				must(t, err)
				if stored, err := io.ReadAll(got.Body); err != nil || string(stored) != content {
					t.Errorf("%d bytes are stored, %v", len(stored), err)
				}
			})
		}
	}
}

// TestSlowServer: the time that a server takes, for a body or for its answer, is not the client's. The connection is as good as before after it.
func TestSlowServer(t *testing.T) {
	planes, o := impatientPlanes(t)
	p := planes["outside"]
	o.become(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 1<<20)
		<-time.After(3 * patience)
		_, _ = io.Copy(io.Discard, r.Body)
		<-time.After(3 * patience)
		w.Header().Set("ETag", `"a"`)
	})
	content := strings.Repeat("0123456789abcdef", 16<<20/16) // more than there is room for on the way
	u := p.beginPut(t, "UNSIGNED-PAYLOAD", len(content))
	for range 2 {
		_, err := io.WriteString(u, content)
		must(t, err)
		if response, body, ends := u.answer(t); response.StatusCode != 200 || ends {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		request, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+"/bucket/key", nil)
		must(t, err)
		var head strings.Builder
		fmt.Fprintf(&head, "PUT /bucket/key HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", request.URL.Host, len(content))
		must(t, p.sign(t, request, "UNSIGNED-PAYLOAD").Write(&head))
		_, err = io.WriteString(u, head.String()+"\r\n")
		must(t, err)
	}
}

// TestImpatientServer: where a server waits for less long than the gateway, it is the client's fault all the same.
func TestImpatientServer(t *testing.T) {
	p, _ := newOutsidePlane(t) // which waits for a second
	p.fill(t, p.root, "bucket")
	u := p.beginPut(t, "UNSIGNED-PAYLOAD", 100)
	<-time.After(3 * time.Second / 2)
	_, err := io.WriteString(u, strings.Repeat("x", 100))
	must(t, err)
	if response, body, _ := u.answer(t); response.StatusCode != 400 || !strings.Contains(body, "<Code>RequestTimeout</Code>") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestHastySuccess: a success that comes before the body's end is none.
func TestHastySuccess(t *testing.T) {
	p, o := newOutsidePlane(t)
	o.become(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	u := p.beginPut(t, "UNSIGNED-PAYLOAD", 1<<20) // more than a server reads before it answers
	_, err := io.WriteString(u, "half")
	must(t, err)
	if response, body, ends := u.answer(t); response.StatusCode != 500 || !strings.Contains(body, "<Code>InternalError</Code>") || !ends {
		t.Errorf("%d %s, ends: %t", response.StatusCode, body, ends)
	}
	p.logs.Reset()
}

// beginGet asks for an object, and reads the head of the answer.
func (p *plane) beginGet(t *testing.T) (openUpload, *http.Response) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/bucket/large", nil)
	must(t, err)
	u := p.beginUpload(t, "GET", "/bucket/large", p.sign(t, request, emptyHash), 0)
	response, err := http.ReadResponse(u.answers, request)
	must(t, err)
	return u, response
}

// TestStalledDownload: a client that does not take its answer does not hold the plane for ever, and one that takes it slowly gets it.
func TestStalledDownload(t *testing.T) {
	planes, _ := impatientPlanes(t)
	content := strings.Repeat("0123456789abcdef", 48<<20/16) // more than there is room for on the way
	for kind, p := range planes {
		_, err := p.client(p.root).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("large"), Body: strings.NewReader(content)})
		must(t, err)
		t.Run(kind+"/stalls", func(t *testing.T) {
			_, response := p.beginGet(t)
			<-time.After(4 * patience)
			if n, err := io.Copy(io.Discard, response.Body); err == nil {
				t.Errorf("all %d bytes arrived", n)
			}
		})
		t.Run(kind+"/is slow", func(t *testing.T) {
			_, response := p.beginGet(t)
			tick := time.NewTicker(patience / 25)
			defer tick.Stop()
			began, got, buffer := time.Now(), 0, make([]byte, 512<<10)
			for got < len(content) {
				<-tick.C
				n, err := io.ReadFull(response.Body, buffer)
				if got += n; err != nil {
					t.Fatalf("after %d bytes: %v", got, err)
				}
			}
			if took := time.Since(began); took < 2*patience {
				t.Fatalf("it took only %v", took)
			}
		})
	}
}

// TestUnreadHeads: a client that asks on and on and takes none of the answers does not hold the plane for ever either, where they are headers alone.
func TestUnreadHeads(t *testing.T) {
	planes, _ := impatientPlanes(t)
	for kind, p := range planes {
		p.fill(t, p.root, "other", "key")
		request, err := http.NewRequestWithContext(t.Context(), "HEAD", p.url+"/other/key", nil)
		must(t, err)
		var head strings.Builder
		fmt.Fprintf(&head, "HEAD /other/key HTTP/1.1\r\nHost: %s\r\n", request.URL.Host)
		must(t, p.sign(t, request, emptyHash).Write(&head))
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", request.URL.Host)
		must(t, err)
		defer connection.Close()
		for many := strings.Repeat(head.String()+"\r\n", 100); err == nil; {
			must(t, connection.SetWriteDeadline(time.Now().Add(20*patience)))
			_, err = io.WriteString(connection, many)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stands", kind)
		}
	}
}
