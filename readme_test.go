package zegocensor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadmeCompiles builds every Go program of README.md as a package of this
// module, without writing into it.
func TestReadmeCompiles(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(readme, -1)
	require.NotEmpty(t, blocks)
	root, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	overlay := map[string]map[string]string{"Replace": {}}
	var packages []string
	for i, block := range blocks {
		file := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		require.NoError(t, os.WriteFile(file, block[1], 0o600))
		overlay["Replace"][filepath.Join(root, "readme", fmt.Sprint(i), "main.go")] = file
		packages = append(packages, fmt.Sprintf("./readme/%d", i))
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(overlay)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlayFile, b, 0o600))
	out, err := exec.Command("go", append([]string{"build", "-o", os.DevNull, "-overlay", overlayFile}, packages...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestReadmeLinks checks the links that stay inside the repository.
func TestReadmeLinks(t *testing.T) {
	for _, page := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllSubmatch(text, -1) {
			_, err := os.Stat(string(link[1]))
			assert.NoError(t, err, "%s links to %s", page, link[1])
		}
	}
}
