package zegocensor_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

// The same calls over HTTP/2: answered, and not repeated when the stream breaks.
func TestHTTP2(t *testing.T) {
	var hits atomic.Int32
	var fail atomic.Bool
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		assert.Equal(t, 2, r.ProtoMajor)
		if fail.Load() {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(okBody))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	c, err := zegocensor.NewClient(testAppID, testSecret, zegocensor.WithBaseURL(server.URL), zegocensor.WithHTTPClient(server.Client()), quick)
	require.NoError(t, err)
	require.NoError(t, start(t.Context(), c))
	require.NoError(t, kick(t.Context(), c))
	require.NoError(t, token(t.Context(), c))
	fail.Store(true)
	for range 2 {
		hits.Store(0)
		assert.ErrorIs(t, start(t.Context(), c), zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, hits.Load())
		hits.Store(0)
		assert.ErrorIs(t, kick(t.Context(), c), zegocensor.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, hits.Load())
		hits.Store(0)
		assert.Error(t, token(t.Context(), c))
		assert.EqualValues(t, 3, hits.Load())
	}
}
