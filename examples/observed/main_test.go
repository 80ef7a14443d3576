package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/zegotest"
)

// span is a span as it was exported.
type span struct {
	Name        string
	SpanContext struct{ TraceID, SpanID string }
	Parent      struct{ SpanID string }
	Attributes  []struct {
		Key   string
		Value struct{ Value any }
	}
}

func (s *span) attribute(key string) any {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.Value
		}
	}
	return nil
}

func TestRun(t *testing.T) {
	var traces bytes.Buffer
	notes, notesWriter := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(t.Context(), "127.0.0.1:0", 2*time.Second, &traces, notesWriter)
		notesWriter.Close()
	}()
	line := make([]byte, 200)
	n, err := notes.Read(line)
	require.NoError(t, err)
	url := regexp.MustCompile(`http://\S+`).FindString(string(line[:n]))
	rest := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(notes)
		rest <- string(b)
	}()

	time.Sleep(1500 * time.Millisecond)
	w, err := http.Get(url)
	require.NoError(t, err)
	metrics, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	w.Body.Close()
	require.NoError(t, <-done)
	assert.Contains(t, <-rest, "0 left running")

	// Prometheus' own parser takes it.
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(metrics))
	require.NoError(t, err)
	for _, name := range []string{"zego_client_call_duration_seconds", "zego_client_call_attempts", "zego_client_refusals_total", "zego_callback_duration_seconds"} {
		assert.Contains(t, families, name)
	}

	// And the dashboard asks for nothing that is not there.
	dashboard, err := os.ReadFile("../../otel/grafana.json")
	require.NoError(t, err)
	require.True(t, json.Valid(dashboard))
	asked := regexp.MustCompile(`zego_(client|callback)_\w+`).FindAllString(string(dashboard), -1)
	require.NotEmpty(t, asked)
	for _, name := range asked {
		assert.Contains(t, string(metrics), "\n"+name, name)
	}
	for _, label := range regexp.MustCompile(`zego_(action|outcome|code_class|event|verdict)\b`).FindAllString(string(dashboard), -1) {
		assert.Contains(t, string(metrics), label+`="`)
	}

	// A Start that was tried twice, inside what was done for a callback.
	spans := make(map[string]span)
	var retried *span
	for d := json.NewDecoder(&traces); ; {
		var s span
		err := d.Decode(&s)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		spans[s.SpanContext.SpanID] = s
		if s.attribute("http.request.resend_count") != nil {
			retried = &s
		}
	}
	require.NotNil(t, retried)
	assert.Equal(t, "StartCensorAudioV2", retried.Name)
	assert.Equal(t, "ok", retried.attribute("zego.outcome"))
	assert.EqualValues(t, 1, retried.attribute("http.request.resend_count"))
	assert.NotEmpty(t, retried.attribute("zego.request_id"))
	handled := spans[retried.Parent.SpanID]
	assert.Equal(t, "room_create", handled.Name)
	received := spans[handled.Parent.SpanID]
	assert.Equal(t, "zego callback", received.Name)
	assert.Equal(t, "accepted", received.attribute("zego.verdict"))

	all := string(metrics)
	for _, s := range spans {
		b, err := json.Marshal(s)
		require.NoError(t, err)
		all += string(b)
	}
	for _, secret := range []string{zegotest.DefaultServerSecret, zegotest.DefaultCallbackSecret, "Signature", "/?", "room_1"} {
		assert.NotContains(t, all, secret)
	}
	assert.Less(t, strings.Count(string(metrics), "\n"), 500)
}
