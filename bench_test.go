package zegocensor_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// The benchmarks compare a call with what a careful person writes by hand on
// net/http, over the same in-memory transport. bash scripts/bench prints the ratios.

type memory struct{}

const memoryAnswer = `{"Code":0,"Message":"success","RequestId":"TestRequestId1635941437248027000","Data":{"TaskId":"15515d8fef61801b05c22e0ebbe8681f"}}`

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	return &http.Response{
		StatusCode:    200,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader([]byte(memoryAnswer))),
		ContentLength: int64(len(memoryAnswer)),
		Request:       r,
	}, nil
}

func BenchmarkStartCensorAudioV2(b *testing.B) {
	ctx := context.Background()
	b.Run("impl=package", func(b *testing.B) {
		c, err := zegocensor.NewClient(testAppID, testSecret,
			zegocensor.WithHTTPClient(&http.Client{Transport: memory{}}),
			zegocensor.WithLimiter(freeLimiter{}))
		if err != nil {
			b.Fatal(err)
		}
		req := audioRequest()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.StartCensorAudioV2(ctx, req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("impl=by hand", func(b *testing.B) {
		hc := &http.Client{Transport: memory{}}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := startByHand(ctx, hc, "https://rtc-api.zego.im", "room_1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOverLoopback sends the same requests over a real socket, one at a time.
func BenchmarkOverLoopback(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, memoryAnswer)
	}))
	defer server.Close()
	for _, call := range []struct {
		impl string
		make func(*http.Transport) func(context.Context) error
	}{
		{"package", func(transport *http.Transport) func(context.Context) error {
			c := newClient(b, transport, zegocensor.WithBaseURL(server.URL))
			return func(ctx context.Context) error { return start(ctx, c) }
		}},
		{"by hand", func(transport *http.Transport) func(context.Context) error {
			hc := &http.Client{Transport: transport}
			return func(ctx context.Context) error { _, err := startByHand(ctx, hc, server.URL, "room_1"); return err }
		}},
	} {
		b.Run("impl="+call.impl, func(b *testing.B) {
			transport, writes := countWrites(zegocensor.NewTransport())
			defer transport.CloseIdleConnections()
			do := call.make(transport)
			b.ReportAllocs()
			for b.Loop() {
				if err := do(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(writes.Load())/float64(b.N), "writes/op")
		})
	}
}

// BenchmarkManyOverTLS has 1024 goroutines call at once, over TLS. By hand they
// use net/http's default transport, which keeps two idle connections for a host.
func BenchmarkManyOverTLS(b *testing.B) {
	const goroutines = 1024
	many := func(b *testing.B, call func() error, connections func() int64) {
		b.SetParallelism(goroutines / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(connections()), "connections")
	}
	setup := func(b *testing.B) (*httptest.Server, *tls.Config, func() int64) {
		var opened atomic.Int64
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, memoryAnswer)
		}))
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		b.Cleanup(s.Close)
		return s, s.Client().Transport.(*http.Transport).TLSClientConfig, opened.Load
	}
	b.Run("impl=package", func(b *testing.B) {
		s, config, opened := setup(b)
		transport := zegocensor.NewTransport()
		transport.TLSClientConfig = config
		c, err := zegocensor.NewClient(testAppID, testSecret, zegocensor.WithBaseURL(s.URL), zegocensor.WithLimiter(nil),
			zegocensor.WithHTTPClient(&http.Client{Transport: transport}), zegocensor.WithAttemptTimeout(time.Minute))
		if err != nil {
			b.Fatal(err)
		}
		req := audioRequest()
		many(b, func() error { _, err := c.StartCensorAudioV2(context.Background(), req); return err }, opened)
	})
	b.Run("impl=by hand", func(b *testing.B) {
		s, config, opened := setup(b)
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = config
		hc := &http.Client{Transport: transport}
		many(b, func() error {
			r, err := hc.Post(s.URL, "application/json", strings.NewReader(`{"RoomId":"room_1"}`))
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, r.Body)
			return errors.Join(err, r.Body.Close())
		}, opened)
	})
}

// freeLimiter never waits, so that the benchmark goes through the limiter's
// place in the path without its pace.
type freeLimiter struct{}

func (freeLimiter) Wait(context.Context, zegocensor.LimitRequest) error { return nil }

// startByHand is the floor: no checks, no retry, no limiter, no typed errors.
func startByHand(ctx context.Context, hc *http.Client, host, roomID string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	raw := make([]byte, 8)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	nonce, ts := hex.EncodeToString(raw), strconv.FormatInt(time.Now().Unix(), 10)
	sum := md5.Sum([]byte(strconv.Itoa(testAppID) + nonce + testSecret + ts))
	q := url.Values{}
	q.Set("Action", "StartCensorAudioV2")
	q.Set("AppId", strconv.Itoa(testAppID))
	q.Set("SignatureNonce", nonce)
	q.Set("Timestamp", ts)
	q.Set("Signature", hex.EncodeToString(sum[:]))
	q.Set("SignatureVersion", "2.0")
	body, err := json.Marshal(struct {
		RoomID        string `json:"RoomId"`
		EventID       string `json:"EventId"`
		AudioLanguage string
		RiskTypeList  []string
	}{roomID, "audio_room", "en", []string{"EROTIC", "DIRTY"}})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, host+"/?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := hc.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var env struct {
		Code      int
		Message   string
		RequestID string `json:"RequestId"`
		Data      struct {
			TaskID string `json:"TaskId"`
		}
	}
	if err := json.Unmarshal(answer, &env); err != nil {
		return "", err
	}
	if env.Code != 0 {
		return "", fmt.Errorf("code %d: %s", env.Code, env.Message)
	}
	return env.Data.TaskID, nil
}

func BenchmarkSign(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		zegocensor.Sign(testAppID, testSecret, "c6b3e1f0a2d49788", 1700000000)
	}
}
