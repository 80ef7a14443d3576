package zegocensor_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryNameCanBeUsed builds a module of its own that uses every exported name
// of the packages from outside, as their importers do.
func TestEveryNameCanBeUsed(t *testing.T) {
	const path = "github.com/zegocensor/zegocensor-go"
	root, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		if file == "go.mod" {
			content = []byte(strings.Replace(string(content), "module "+path, "module consumer", 1) +
				"\nrequire " + path + " v0.0.0\nreplace " + path + " => " + root + "\n")
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), content, 0o600))
	}
	var source strings.Builder
	source.WriteString("package main\n\nimport (\n")
	var uses strings.Builder
	for _, pkg := range []string{".", "callback", "moderator", "zegotest"} {
		name := filepath.Base(filepath.Join(path, pkg))
		if pkg == "." {
			name = "zegocensor"
		}
		fmt.Fprintf(&source, "\t%s %q\n", name, filepath.ToSlash(filepath.Join(path, pkg)))
		values, types := exported(t, pkg)
		require.NotEmpty(t, values)
		for _, v := range values {
			fmt.Fprintf(&uses, "var _ = %s.%s\n", name, v)
		}
		for _, v := range types {
			fmt.Fprintf(&uses, "var _ %s.%s\n", name, v)
		}
	}
	source.WriteString(")\n\n" + uses.String() + "\nfunc main() {}\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source.String()), 0o600))
	build := exec.Command("go", "build", "-mod=mod", "-o", os.DevNull, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// exported lists what a package offers at its top level.
func exported(t *testing.T, dir string) (values, types []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					values = append(values, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							types = append(types, s.Name.Name)
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.IsExported() {
								values = append(values, n.Name)
							}
						}
					}
				}
			}
		}
	}
	return values, types
}
