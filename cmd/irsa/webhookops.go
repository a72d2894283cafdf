package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// maxFollowedFile bounds a followed file, in bytes.
const maxFollowedFile = 16 << 20

// register adds what the process knows to the handler's metrics.
func (s *webhookServer) register() error {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("openirsa_webhook_service_accounts", "Service accounts that are remembered.", func() float64 { return float64(s.accounts.Len()) }),
		gauge("openirsa_webhook_watch_away_seconds", "Time without a watch of the service accounts, which may be out of date by as much.",
			func() float64 { return s.accounts.Away().Seconds() }),
		gauge("openirsa_webhook_certificate_expiry_timestamp_seconds", "When the serving certificate ends, in seconds of the Unix epoch; 0 while there is none.",
			func() float64 {
				if leaf := s.keeper.Leaf(); leaf != nil {
					return float64(leaf.NotAfter.Unix())
				}
				return 0
			}),
	} {
		if err := s.registry.Register(c); err != nil {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	return nil
}

// dump shows what is remembered of the accounts that have annotations of ours, one JSON object a line.
func (s *webhookServer) dump(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	encoder := json.NewEncoder(w)
	for _, account := range s.accounts.Annotated() {
		line := struct {
			Namespace      string            `json:"namespace"`
			ServiceAccount string            `json:"serviceAccount"`
			Annotations    map[string]string `json:"annotations"`
		}{account.Namespace, account.Name, account.Annotations}
		if encoder.Encode(line) != nil {
			return // the reader went away
		}
	}
}

// followFile calls changed with what a file holds, now and whenever that changes, until ctx ends; with nothing while there is no file. The content
// itself is compared: Kubernetes changes mounted files by a swap of symbolic links, and others in place.
func followFile(ctx context.Context, path string, every time.Duration, changed func(content []byte, err error)) {
	var last []byte
	told := ""
	for first := true; ; first = false {
		content, err := readFollowed(path)
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			changed(nil, err)
		case err == nil && (first || told != "" || !bytes.Equal(content, last)):
			told, last = "", content
			changed(content, nil)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

func readFollowed(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFollowedFile+1))
	if err == nil && len(content) > maxFollowedFile {
		err = fmt.Errorf("more than %d bytes", maxFollowedFile)
	}
	return content, err
}
