package zegocensor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func TestNewClientFromEnv(t *testing.T) {
	names := []string{"ZEGO_APP_ID", "ZEGO_SERVER_SECRET", "ZEGO_REGION", "ZEGO_BASE_URL"}
	environment := func(t *testing.T, values ...string) {
		for i, name := range names {
			t.Setenv(name, values[i])
		}
	}
	t.Run("the project, the region and the address", func(t *testing.T) {
		environment(t, "1234567890", "secret-0123456789", "fra", "")
		c, err := zegocensor.NewClientFromEnv()
		require.NoError(t, err)
		assert.Equal(t, "zegocensor.Client(AppID 1234567890, rtc-api-fra.zego.im)", c.String())

		t.Setenv("ZEGO_BASE_URL", "http://127.0.0.1:8686")
		c, err = zegocensor.NewClientFromEnv()
		require.NoError(t, err)
		assert.Equal(t, "zegocensor.Client(AppID 1234567890, 127.0.0.1:8686)", c.String(), "ZEGO_BASE_URL has precedence")

		c, err = zegocensor.NewClientFromEnv(zegocensor.WithRegion(zegocensor.RegionMumbai))
		require.NoError(t, err)
		assert.Equal(t, "zegocensor.Client(AppID 1234567890, rtc-api-bom.zego.im)", c.String(), "options have precedence")
	})
	t.Run("it calls", func(t *testing.T) {
		zego := zegotest.NewServer()
		defer zego.Close()
		environment(t, "1234567890", zegotest.DefaultServerSecret, "", zego.URL())
		c, err := zegocensor.NewClientFromEnv()
		require.NoError(t, err)
		_, err = c.GenerateIdentifyToken(t.Context(), nil)
		assert.NoError(t, err)
	})
	t.Run("all faults at once, and no secret", func(t *testing.T) {
		environment(t, "4294967296", "", "mars", "http://zego.example")
		c, err := zegocensor.NewClientFromEnv(nil)
		assert.Nil(t, c)
		require.ErrorIs(t, err, zegocensor.ErrInvalidRequest)
		for _, text := range []string{"zegocensor: NewClientFromEnv: ", "ZEGO_APP_ID must be", "ZEGO_SERVER_SECRET must be set", `"mars"`, "must begin with https://", "opts[0] must not be nil"} {
			assert.ErrorContains(t, err, text)
		}
		environment(t, "0", "canary-secret", "", "")
		_, err = zegocensor.NewClientFromEnv()
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "canary")
	})
	t.Run("NewClient reads none of it", func(t *testing.T) {
		environment(t, "1", "x", "mars", "nonsense")
		c, err := zegocensor.NewClient(2, "secret")
		require.NoError(t, err)
		assert.Equal(t, "zegocensor.Client(AppID 2, rtc-api.zego.im)", c.String())
	})
}

func TestWithInsecureHTTP(t *testing.T) {
	for _, address := range []string{"http://zegofake:8686", "http://10.0.0.1"} {
		_, err := zegocensor.NewClient(1, "s", zegocensor.WithBaseURL(address))
		assert.ErrorContains(t, err, "must begin with https://")
		for _, opts := range [][]zegocensor.Option{
			{zegocensor.WithBaseURL(address), zegocensor.WithInsecureHTTP()},
			{zegocensor.WithInsecureHTTP(), zegocensor.WithBaseURL(address)},
		} {
			c, err := zegocensor.NewClient(1, "s", opts...)
			require.NoError(t, err)
			assert.Contains(t, address, c.String()[len("zegocensor.Client(AppID 1, "):len(c.String())-1])
		}
	}
	_, err := zegocensor.NewClient(1, "s", zegocensor.WithInsecureHTTP(), zegocensor.WithBaseURL("ftp://h"))
	assert.ErrorContains(t, err, "must begin with https://")
}
