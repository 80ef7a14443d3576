// Command pack writes modules of this repository into a directory that the go
// command can use as a module proxy (GOPROXY=file://DIR), as they would be
// published under a version. It is how CI tries, before a release, what users
// will download.
//
//	pack -version v0.1.0 -dir DIR MODULE...
//
// A MODULE is a folder that contains a go.mod, such as "." or "trtc". The committed
// state of HEAD is packed, not the working tree.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/zip"
)

func main() {
	version := flag.String("version", "", "`version` to pack the modules as, such as v0.1.0")
	dir := flag.String("dir", "", "`directory` of the proxy")
	flag.Parse()
	if !semver.IsValid(*version) || *dir == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*version, *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(version, dir string, folders []string) error {
	out, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	repo := strings.TrimSpace(string(out))
	var errs []error
	for _, folder := range folders {
		if err := pack(repo, path.Clean(filepath.ToSlash(folder)), version, dir); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", folder, err))
		}
	}
	return errors.Join(errs...)
}

// pack writes one module in the layout of the GOPROXY protocol.
func pack(repo, folder, version, dir string) error {
	goMod, err := exec.Command("git", "-C", repo, "show", "HEAD:"+path.Join(folder, "go.mod")).Output()
	if err != nil {
		return fmt.Errorf("reading go.mod: %w", err)
	}
	m := module.Version{Path: modfile.ModulePath(goMod), Version: version}
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return err
	}
	proxy := filepath.Join(dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(proxy, 0o755); err != nil {
		return err
	}
	subdir := folder
	if subdir == "." {
		subdir = ""
	}
	archive, err := os.Create(filepath.Join(proxy, version+".zip"))
	if err != nil {
		return err
	}
	if err := errors.Join(zip.CreateFromVCS(archive, m, repo, "HEAD", subdir), archive.Close()); err != nil {
		return err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{version, time.Now().UTC()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(proxy, version+".info"), info, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(proxy, version+".mod"), goMod, 0o644); err != nil {
		return err
	}
	return addToList(filepath.Join(proxy, "list"), version)
}

// addToList adds a version to the list of a module's versions.
func addToList(list, version string) error {
	b, err := os.ReadFile(list)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	versions := append(strings.Fields(string(b)), version)
	semver.Sort(versions)
	return os.WriteFile(list, []byte(strings.Join(slices.Compact(versions), "\n")+"\n"), 0o644)
}
