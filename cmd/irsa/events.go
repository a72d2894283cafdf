package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/trail"
)

func newEventsCommand(env environment, output *outputFormat) *cobra.Command {
	var requestID, data string
	command := &cobra.Command{
		Use:   "events",
		Short: "Say what was decided about a request, and why",
		Long: `events looks a request id up in the trail and prints what was asked, by whom, what was answered and the decision behind it:
the statements that decided or, for a denial, the nearest statement and the element that failed. The caller was told none of that.

It asks the plane that AWS_ENDPOINT_URL names, with the environment's credentials. With --data, or without AWS_ENDPOINT_URL, it reads
the trail's files in the data folder. Exit code 0 when the request is found, 2 when not.`,
		Example: `  irsa events --request 6f1c9a52-3f0e-4a53-9d0c-5b1f4e6d7a80`,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if requestID == "" {
				return failure("Usage", errors.New("a request id is needed"), "irsa events --request ID; error answers and the x-amzn-RequestId header carry it")
			}
			fromFiles := command.Flags().Changed("data") || env.getenv("AWS_ENDPOINT_URL") == ""
			events, err := findEvents(command.Context(), fromFiles, folder(data), requestID)
			if err != nil {
				return err
			}
			if len(events) == 0 {
				return failure("NoSuchRequest", fmt.Errorf("the trail has no event of request %s", requestID), "the trail is bounded; older files may be gone")
			}
			if *output == outputJSON {
				return printJSON(env, struct {
					Events []trail.Event `json:"events"`
				}{events})
			}
			return tell(env, events)
		},
	}
	command.Flags().StringVar(&requestID, "request", "", "the request's id (required)")
	command.Flags().StringVar(&data, "data", defaultFolder(env.getenv), "read the trail in this data folder")
	return command
}

// tell prints events in the order in which they happened; the trail gives the newest first.
func tell(env environment, events []trail.Event) error {
	texts := make([]string, len(events))
	for i, event := range events {
		texts[len(events)-1-i] = describe(event)
	}
	_, err := fmt.Fprint(env.stdout, strings.Join(texts, "\n"))
	return err
}

func findEvents(ctx context.Context, fromFiles bool, f folder, requestID string) ([]trail.Event, error) {
	if fromFiles {
		events, err := trail.FindIn(ctx, f.trail(), requestID)
		if err != nil {
			return nil, failure("Trail", fmt.Errorf("reading the trail: %w", err), "name the data folder of `irsa up` with --data, or source its admin.env")
		}
		return events, nil
	}
	client, err := cloud.New(ctx, cloud.Config{})
	if err != nil {
		return nil, err
	}
	return client.Events(ctx, requestID)
}

// describe renders one event for a person.
func describe(e trail.Event) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-10s %s\n", label, printable(text))
		}
	}
	line("request", e.RequestID)
	line("time", e.Time.Format(time.RFC3339))
	line("call", strings.TrimSuffix(e.Source, ".amazonaws.com")+" "+e.Name)
	line("caller", caller(e.UserIdentity))
	line("from", e.SourceIP)
	line("action", e.Action)
	line("resource", e.Resource)
	if e.ErrorCode != "" {
		line("answered", e.ErrorCode+": "+e.ErrorMessage)
	} else {
		line("answered", "success")
	}
	if e.Count > 1 {
		line("count", fmt.Sprint(e.Count))
	}
	line("because", e.Explanation)
	if e.Decision == nil {
		return b.String()
	}
	line("decision", e.Decision.Effect.String())
	for _, reason := range e.Decision.Reasons() {
		fmt.Fprintf(&b, "  - %s\n", printable(reason.String()))
	}
	return b.String()
}

// printable shows what a terminal would act on, or hide, as Go writes it: any stranger can have an event hold an escape sequence.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

func caller(i trail.Identity) string {
	switch {
	case i.ARN != "":
		return i.ARN
	case i.UserName != "":
		return strings.TrimSpace(i.Type + " " + i.UserName)
	}
	return i.Type
}
