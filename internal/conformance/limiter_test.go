package conformance

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
)

var (
	actionLine = regexp.MustCompile(`\?Action=(\w+)`)
	rateLine   = regexp.MustCompile(`<Note title="[^"]*(?:Rate|Frequency|frequency)[^"]*">(.*)</Note>`)
	perSecond  = regexp.MustCompile(`(\d+) (?:times?|requests?)/second`)
	inTest     = regexp.MustCompile(`(?i)\(test environment: (\d+) (?:times?|requests?)/second\)`)
	perRoom    = regexp.MustCompile(`(?i)single room: 1 time/(\d+) seconds?`)
)

func TestDocumentedRate(t *testing.T) {
	dir, actions := folder(t), 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" || d.Name() == "shared-components.yaml" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			action, note := actionLine.FindStringSubmatch(string(b)), rateLine.FindAllStringSubmatch(string(b), -1)
			require.NotNil(t, action, "the file names no action")
			require.Len(t, note, 1, "the file has one note on the rate")
			text := note[0][1]

			var want, test zegocensor.Limit
			limits := perSecond.FindStringSubmatch(text)
			require.NotNil(t, limits, text)
			want.PerSecond = number(t, limits[1])
			test.PerSecond = want.PerSecond
			if lower := inTest.FindStringSubmatch(text); lower != nil {
				test.PerSecond = number(t, lower[1])
			} else {
				assert.NotContains(t, strings.ToLower(text), "test environment")
			}
			if room := perRoom.FindStringSubmatch(text); room != nil {
				want.PerRoom = time.Duration(number(t, room[1])) * time.Second
				test.PerRoom = want.PerRoom
			} else {
				assert.NotContains(t, strings.ToLower(text), "single room")
			}
			assert.Equal(t, want, zegocensor.DocumentedRate(action[1], zegocensor.EnvironmentProduction), text)
			assert.Equal(t, want, zegocensor.DocumentedRate(action[1], ""), text)
			assert.Equal(t, test, zegocensor.DocumentedRate(action[1], zegocensor.EnvironmentTest), text)
		})
		actions++
		return nil
	}))
	assert.GreaterOrEqual(t, actions, 30)
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
