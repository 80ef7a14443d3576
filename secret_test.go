package zegocensor_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

func TestSecret(t *testing.T) {
	secret := zegocensor.NewSecret("canary-secret")
	type config struct{ Key zegocensor.Secret }

	t.Run("Reveal returns the text", func(t *testing.T) {
		assert.Equal(t, "canary-secret", secret.Reveal())
		assert.Empty(t, zegocensor.Secret{}.Reveal())
		assert.Empty(t, zegocensor.NewSecret("").String())
	})
	t.Run("secrets of the same text are equal", func(t *testing.T) {
		assert.True(t, secret == zegocensor.NewSecret("canary-"+strings.ToLower("SECRET")))
		assert.False(t, secret == zegocensor.NewSecret("canary"))
		assert.True(t, zegocensor.NewSecret("") == zegocensor.Secret{})
	})
	t.Run("nothing prints the text", func(t *testing.T) {
		var shown strings.Builder
		show(&shown, secret, &secret, config{secret}, &config{secret}, struct{ key zegocensor.Secret }{secret}, struct{ key *zegocensor.Secret }{&secret}, map[zegocensor.Secret]zegocensor.Secret{secret: secret})
		b, err := xml.Marshal(config{secret})
		require.NoError(t, err)
		shown.Write(b)
		assert.NotContains(t, shown.String(), "canary")
		assert.NotContains(t, shown.String(), "63616e617279")
		assert.Contains(t, shown.String(), "<Key>(withheld)</Key>")
	})
	t.Run("JSON that lost the text is not read", func(t *testing.T) {
		b, err := json.Marshal(config{secret})
		require.NoError(t, err)
		assert.JSONEq(t, `{"Key": "(withheld)"}`, string(b))
		var c config
		assert.ErrorContains(t, json.Unmarshal(b, &c), "(withheld)")
		require.NoError(t, json.Unmarshal([]byte(`{"Key": "canary-secret"}`), &c))
		assert.Equal(t, config{secret}, c)
	})
	t.Run("Do does not send it", func(t *testing.T) {
		w := &wire{}
		_, err := newClient(t, w).Do(t.Context(), zegocensor.Action{Name: "X", Method: "POST"}, nil, config{secret}, nil)
		assert.ErrorIs(t, err, zegocensor.ErrInvalidRequest)
		assert.ErrorContains(t, err, "must not contain a Secret")
		assert.Zero(t, w.count())
	})
	t.Run("Do reads one", func(t *testing.T) {
		w := &wire{}
		var data struct{ IdentifyToken zegocensor.Secret }
		_, err := newClient(t, w).Do(t.Context(), zegocensor.Action{Name: "X", Method: "GET"}, nil, nil, &data)
		require.NoError(t, err)
		assert.Equal(t, "tok", data.IdentifyToken.Reveal())
	})
}
