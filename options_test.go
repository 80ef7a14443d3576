package zegocensor_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestWithEnvironment(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []zegocensor.Option
		want []string
	}{
		"no option sends no IsTest": {nil, nil},
		"test sends true":           {[]zegocensor.Option{zegocensor.WithEnvironment(zegocensor.EnvironmentTest)}, []string{"true"}},
		"production sends false":    {[]zegocensor.Option{zegocensor.WithEnvironment(zegocensor.EnvironmentProduction)}, []string{"false"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			require.NoError(t, stop(t.Context(), newClient(t, w, tt.opts...)))
			assert.Equal(t, tt.want, w.seen[0].URL.Query()["IsTest"])
		})
	}

	t.Run("the default limiter follows, whichever option comes first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hc := zegocensor.WithHTTPClient(&http.Client{Transport: &wire{}})
			env := zegocensor.WithEnvironment(zegocensor.EnvironmentTest)
			for _, opts := range [][]zegocensor.Option{{hc, env}, {env, hc}} {
				c, err := zegocensor.NewClient(testAppID, testSecret, opts...)
				require.NoError(t, err)
				began := time.Now()
				for range 6 {
					_, err := c.Do(t.Context(), zegocensor.Action{Name: "ForbidRTCStream", Method: "GET"}, nil, nil, nil)
					require.NoError(t, err)
				}
				assert.InDelta(t, time.Second, time.Since(began), float64(50*time.Millisecond), "5 a second")
			}
		})
	})

	t.Run("a limiter of one's own stays", func(t *testing.T) {
		asked := 0
		own := limiterFunc(func(context.Context, zegocensor.LimitRequest) error { asked++; return nil })
		for _, opts := range [][]zegocensor.Option{
			{zegocensor.WithLimiter(own), zegocensor.WithEnvironment(zegocensor.EnvironmentTest)},
			{zegocensor.WithEnvironment(zegocensor.EnvironmentTest), zegocensor.WithLimiter(own)},
		} {
			require.NoError(t, stop(t.Context(), newClient(t, &wire{}, opts...)))
		}
		assert.Equal(t, 2, asked)
	})
}
