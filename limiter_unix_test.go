//go:build unix

package zegocensor_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pauseProcess stops a process for some time, as a debugger or a paused virtual machine
// does.
func pauseProcess(t *testing.T, p *os.Process, d time.Duration) {
	require.NoError(t, p.Signal(syscall.SIGSTOP))
	time.Sleep(d)
	require.NoError(t, p.Signal(syscall.SIGCONT))
}
