package awsapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// BenchmarkExchange measures AssumeRoleWithWebIdentity from the request to the XML, the trail on, without a network.
func BenchmarkExchange(b *testing.B) {
	p := newPlane(b)
	p.session(b, "reader", readPolicy)
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {"arn:aws:iam::" + account + ":role/reader"},
		"RoleSessionName": {"pod"}, "WebIdentityToken": {p.token(b, "reader")},
	}.Encode()
	b.ReportAllocs()
	for b.Loop() {
		p.serve(b, http.MethodPost, "/", form, http.StatusOK)
	}
}

// BenchmarkDoor measures what the door itself adds: reading, routing and answering a call that is refused at once.
func BenchmarkDoor(b *testing.B) {
	p := newPlane(b)
	form := calls()["CreateRole"].Encode()
	b.ReportAllocs()
	for b.Loop() {
		p.serve(b, http.MethodPost, "/", form, http.StatusForbidden)
	}
}

func (p *plane) serve(b *testing.B, method, target, body string, status int) {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	p.door.ServeHTTP(recorder, request)
	if recorder.Code != status {
		b.Fatalf("%d: %s", recorder.Code, recorder.Body)
	}
}
