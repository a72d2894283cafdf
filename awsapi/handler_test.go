package awsapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/trail"
)

// TestFailuresOfOurOwn: what goes wrong inside is told as InternalFailure, and logged once with the request id and the cause.
func TestFailuresOfOurOwn(t *testing.T) {
	events, err := trail.Open(trail.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	cases := []struct {
		name string
		do   call
		code string
	}{
		{"panic", func(context.Context, iam.Caller) (any, error) { panic("secret cause") }, "InternalFailure"},
		{"nil pointer", func(context.Context, iam.Caller) (any, error) {
			var role *iam.Role
			return role.Name + "secret cause", nil
		}, "InternalFailure"},
		{"error", func(context.Context, iam.Caller) (any, error) { return nil, errors.New("secret cause") }, "InternalFailure"},
		{"cause of a refusal", func(context.Context, iam.Caller) (any, error) {
			return nil, &iam.Error{Code: "ServiceFailure", Message: "The request could not be recorded.", Err: errors.New("secret cause")}
		}, "ServiceFailure"},
		{"answer that cannot be written", func(context.Context, iam.Caller) (any, error) { return make(chan int), nil }, "InternalFailure"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var logs bytes.Buffer
			h := &Door{
				Config: Config{
					Trail: events, Logger: slog.New(slog.NewTextHandler(&logs, nil)),
					Origin: func(*http.Request) trail.Origin { return trail.Origin{RequestID: "request-1"} },
				},
				actions: map[string]operation{"Fail": {service: "sts", unsigned: true, bind: func(*request) (call, error) { return c.do, nil }}},
			}
			recorder := httptest.NewRecorder()
			h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/?Action=Fail&Version=2011-06-15", nil))
			body := recorder.Body.String()
			if recorder.Code != http.StatusInternalServerError || !strings.Contains(body, "<Code>"+c.code+"</Code>") || !strings.Contains(body, "<Type>Receiver</Type>") ||
				!strings.Contains(body, "<RequestId>request-1</RequestId>") {
				t.Errorf("got %d: %s", recorder.Code, body)
			}
			if strings.Contains(body, "secret") {
				t.Errorf("the client is told the cause: %s", body)
			}
			if text := logs.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "requestID=request-1") {
				t.Errorf("the log has %q", text)
			}
		})
	}
}

// TestHungUp: a client that has gone is no failure for the operator to look at.
func TestHungUp(t *testing.T) {
	var logs bytes.Buffer
	h := &Door{Config: Config{Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))}}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	h.logFailure(gone, trail.Origin{RequestID: "request-1"}, gone.Err(), nil)
	if text := logs.String(); !strings.Contains(text, "level=DEBUG") || !strings.Contains(text, "request-1") {
		t.Errorf("the log has %q", text)
	}
}
