package zegocensor_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages are the documents that are read outside of pkg.go.dev.
func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	return append(all, "README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")
}

// TestSnippetsWork builds every Go program in the documents as a package of this
// module, without writing into it, and runs those that are tests. Tests of the
// same package name are one package, so that fewer are linked.
func TestSnippetsWork(t *testing.T) {
	root, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	overlay := map[string]map[string]string{"Replace": {}}
	var programs []string
	tests := make(map[string]int) // how many files each package has
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for i, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(text, -1) {
			if strconv.IntSize == 32 && strings.Contains(string(block[1]), "/trtc\"") {
				continue // Tencent's module for a UserSig does not compile for 32 bits
			}
			pkg := fmt.Sprintf("snippet_%s_%d", strings.TrimSuffix(filepath.Base(page), ".md"), i)
			name := "main.go"
			if strings.Contains(string(block[1]), `"testing"`) {
				of := regexp.MustCompile(`(?m)^package (\w+)$`).FindSubmatch(block[1])
				require.NotNil(t, of, "%s", block[1])
				pkg, name = "snippets_"+string(of[1]), pkg+"_test.go"
				tests["./"+pkg]++
			} else {
				programs = append(programs, "./"+pkg)
			}
			file := filepath.Join(dir, strconv.Itoa(len(overlay["Replace"]))+".go")
			require.NoError(t, os.WriteFile(file, block[1], 0o600))
			overlay["Replace"][filepath.Join(root, pkg, name)] = file
		}
	}
	require.NotEmpty(t, programs)
	require.NotEmpty(t, tests)
	overlayFile := filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(overlay)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlayFile, b, 0o600))
	for _, args := range [][]string{
		append([]string{"build", "-overlay", overlayFile, "-o", os.DevNull}, programs...),
		append([]string{"test", "-vet=off", "-overlay", overlayFile, "-c", "-o", dir}, slices.Collect(maps.Keys(tests))...),
	} {
		out, err := exec.Command("go", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	for pkg, files := range tests {
		out, err := exec.Command(filepath.Join(dir, filepath.Base(pkg)+".test"), "-test.v").CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.GreaterOrEqual(t, strings.Count(string(out), "--- PASS"), files)
	}
}

// TestLinksResolve checks the links that stay inside the repository.
func TestLinksResolve(t *testing.T) {
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllSubmatch(text, -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), string(link[1])))
			assert.NoError(t, err, "%s links to %s", page, link[1])
		}
	}
}
