package conformance

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

var codeRow = regexp.MustCompile(`<tr>\s*<td>([\d, ]+)</td>`)

// The files of stream mixing are left out: its codes are outside of what the client
// knows.
func TestCode_Meaning(t *testing.T) {
	for _, family := range []string{"media-service", "moderation", "room"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(folder(t), family), func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			t.Run(family+"/"+d.Name(), func(t *testing.T) {
				action := actionLine.FindStringSubmatch(string(b))
				require.NotNil(t, action, "the file names no action")
				for _, row := range codeRow.FindAllStringSubmatch(string(b), -1) {
					for code := range strings.SplitSeq(row[1], ",") {
						c := zegocensor.Code(number(t, strings.TrimSpace(code)))
						assert.NotEmpty(t, c.Meaning(action[1]), "%d", int(c))
					}
				}
				assert.NotEmpty(t, zegocensor.Code(1).Meaning(action[1]), "the action has no family")
			})
			return nil
		}))
	}
}
