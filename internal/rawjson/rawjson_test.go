package rawjson

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzMembers holds the splitting to encoding/json's.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[1,"x",{"c":"\"}"}],"c":null}`, ` { "a" : "b\\" , "" : [ ] } `, `[1, "2",[3],{}]`, `7`, `"x"`, `{}`, `[]`, `null`, "\"\xff\"", `"\u00e9\ud83d"`, `-1e9`, `[true , false]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			t.Skip()
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(b, &object) == nil && object != nil {
			seen := map[string]json.RawMessage{}
			for k, v := range Members(b) {
				var key string
				require.NoError(t, json.Unmarshal([]byte(`"`+string(k)+`"`), &key))
				seen[key] = v
			}
			require.Len(t, seen, len(object))
			for k, v := range object {
				assert.Equal(t, string(v), string(seen[k]))
			}
		}
		var list []json.RawMessage
		if json.Unmarshal(b, &list) == nil && list != nil {
			seen := []json.RawMessage{}
			for v := range Elements(b) {
				seen = append(seen, v)
			}
			assert.Equal(t, list, seen)
			for _, v := range list {
				var s string
				if json.Unmarshal(v, &s) == nil && string(v) != "null" {
					assert.Equal(t, s, Text(v))
				}
			}
		}
	})
}
