package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMain lets the test's program be started as a replica, as main does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-replica-of" {
		flag.CommandLine = flag.NewFlagSet("fleet", flag.ExitOnError)
		main()
		return
	}
	os.Exit(m.Run())
}

func TestScene(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var stdout, stderr bytes.Buffer
	assert.Zero(t, run(t.Context(), &stdout, &stderr), stderr.String())
	assert.Regexp(t, `account: 12 rooms opened and closed, 3 replicas of which 1 was killed, \d+ tasks started, 0 left running\n$`, stdout.String())
}

func TestWithoutRedis(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 2, run(t.Context(), &stdout, &stderr))
	assert.Contains(t, stderr.String(), "apt-get install redis-server")
}

func TestInterrupted(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 1, run(ctx, &stdout, &stderr))
}
