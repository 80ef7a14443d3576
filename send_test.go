package zegocensor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

// These tests are about what leaves the machine, and how often.

func TestClient_writes(t *testing.T) {
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, okBody)
	})
	big := func(ctx context.Context, c *zegocensor.Client) error {
		_, err := c.Do(ctx, zegocensor.Action{Name: "Big", Method: "POST"}, nil, map[string]string{"a": strings.Repeat("x", 4000)}, nil)
		return err
	}
	for _, secure := range []bool{false, true} {
		server := httptest.NewUnstartedServer(answers)
		if secure {
			server.StartTLS()
		} else {
			server.Start()
		}
		defer server.Close()
		for name, do := range map[string]func(context.Context, *zegocensor.Client) error{"Start": start, "Stop": stop, "Token": token, "KickoutUser": kick, "4 KiB": big} {
			t.Run(fmt.Sprintf("100 for 100 %s, TLS %v", name, secure), func(t *testing.T) {
				transport, writes := countWrites(zegocensor.NewTransport())
				defer transport.CloseIdleConnections()
				if secure {
					transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
				}
				c := newClient(t, transport, zegocensor.WithBaseURL(server.URL))
				require.NoError(t, do(t.Context(), c)) // makes the connection
				writes.Store(0)
				for range 100 {
					require.NoError(t, do(t.Context(), c))
				}
				assert.EqualValues(t, 100, writes.Load())
			})
		}
	}
}

func TestClient_neverLeft(t *testing.T) {
	t.Run("a fallback that cannot dial does not hide that the first path has sent", func(t *testing.T) {
		var sent atomic.Int32
		fallback := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
		}}
		first := roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			sent.Add(1)
			again := r.Clone(r.Context())
			again.Body = io.NopCloser(strings.NewReader(string(body)))
			return fallback.RoundTrip(again)
		})
		err := start(t.Context(), newClient(t, first, quick))
		assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, sent.Load())
	})
	t.Run("of a GET that a foreign transport failed nothing is proved", func(t *testing.T) {
		w := &wire{unread: func(int) bool { return true }, answer: func(int, *http.Request) (*http.Response, error) { return nil, &net.DNSError{} }}
		assert.ErrorIs(t, kick(t.Context(), newClient(t, w, quick)), zegocensor.ErrOutcomeUnknown)
		assert.Equal(t, 1, w.count())
	})
	for name, do := range map[string]func(context.Context, *zegocensor.Client) error{"Start": start, "Stop": stop, "KickoutUser": kick} {
		t.Run("a Proxy function fails, "+name, func(t *testing.T) {
			var asked atomic.Int32
			transport := zegocensor.NewTransport()
			transport.Proxy = func(*http.Request) (*url.URL, error) { asked.Add(1); return nil, errors.New("no such proxy") }
			err := do(t.Context(), newClient(t, transport, quick))
			assert.ErrorContains(t, err, "no such proxy")
			assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
			assert.EqualValues(t, 3, asked.Load())
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An answer counts if all of it came, whatever broke after it.
func TestClient_brokenAfterTheAnswer(t *testing.T) {
	for name, raw := range map[string]func(body string) string{
		"the last chunk does not come": func(body string) string {
			return fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(body), body)
		},
		"it is shorter than announced": func(body string) string { return "Content-Length: 1000\r\n\r\n" + body },
	} {
		t.Run(name, func(t *testing.T) {
			for body, want := range map[string]error{
				okBody:                                      nil,
				`{"Code":50001,"Message":"no"}`:             zegocensor.ErrRoomNotFound,
				`{"Code":0,"Data":{"TaskId":"T1"`:           zegocensor.ErrOutcomeUnknown,
				`{"Code":0,"Message":"success","Data":{}}`:  zegocensor.ErrOutcomeUnknown,
				`<html>a page that would say 502 otherwise`: zegocensor.ErrOutcomeUnknown,
			} {
				var hits atomic.Int32
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					hits.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					conn, _, err := http.NewResponseController(w).Hijack()
					if assert.NoError(t, err) {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+raw(body))
						_ = conn.(*net.TCPConn).SetLinger(0) // a reset, unless all was read
						conn.Close()
					}
				}))
				err := start(t.Context(), newClient(t, zegocensor.NewTransport(), zegocensor.WithBaseURL(server.URL), quick))
				server.Close()
				if want == nil {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, want, body)
				}
				assert.EqualValues(t, 1, hits.Load(), body)
			}
		})
	}
}

func TestClient_headers(t *testing.T) {
	t.Run("are the attempt's own", func(t *testing.T) {
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			for k, v := range r.Header {
				assert.NotContains(t, v[0], "changed", k)
				v[0] = "changed"
				r.Header[k] = append(v, "more")
			}
			return answer(200, okBody), nil
		}}
		c := newClient(t, w)
		for range 2 {
			require.NoError(t, start(t.Context(), c))
			require.NoError(t, token(t.Context(), c))
		}
	})
}
