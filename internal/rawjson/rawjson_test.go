package rawjson

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzMembers holds the splitting to encoding/json's.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[1,"x",{"c":"\"}"}],"c":null}`, ` { "a" : "b\\" , "" : [ ] } `, `[1, "2",[3],{}]`, `7`, `"x"`, `{}`, `[]`, `null`, "\"\xff\"", `"\u00e9\ud83d"`, `-1e9`, `[true , false]`} {
		f.Add([]byte(s))
	}
	for _, s := range []string{``, `{`, `{,}`, `{"a":1,}`, `[1,]`, `[,]`, `01`, `-`, `1.`, `1e`, `1e+`, `"\x"`, `"\u12g4"`, "\"\x01\"", `"`, `"\`, `tru`, `{"a" 1}`, `{a:1}`, `1 2`, `[1 2]`, `{"a":1 "b":2}`,
		"[" + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + "]", strings.Repeat("[", 10001) + strings.Repeat("]", 10001), strings.Repeat(`{"a":`, 10001) + "1" + strings.Repeat("}", 10001)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := string(b)
		require.Equal(t, json.Valid(b), Valid(s))
		var visited []string
		require.Equal(t, Valid(s), Visit(s, func(k, v string) { visited = append(visited, k, v) }))
		if !Valid(s) {
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(b, &object) == nil && object != nil {
			seen := map[string]json.RawMessage{}
			for k, v := range Members(s) {
				require.Equal(t, []string{k, v}, visited[:2])
				visited = visited[2:]
				var key string
				require.NoError(t, json.Unmarshal([]byte(`"`+k+`"`), &key))
				seen[key] = json.RawMessage(v)
			}
			require.Len(t, seen, len(object))
			for k, v := range object {
				assert.Equal(t, string(v), string(seen[k]))
			}
		}
		var list []json.RawMessage
		if json.Unmarshal(b, &list) == nil && list != nil {
			seen := []json.RawMessage{}
			for v := range Elements(s) {
				seen = append(seen, json.RawMessage(v))
			}
			assert.Equal(t, list, seen)
			for _, v := range list {
				var text string
				if json.Unmarshal(v, &text) == nil && string(v) != "null" {
					assert.Equal(t, text, Text(string(v)))
				}
			}
		}
	})
}
