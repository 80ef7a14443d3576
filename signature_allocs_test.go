//go:build !race

package zegocensor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The race detector allocates on its own account.
func TestSigningAllocatesOnce(t *testing.T) {
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { sinkSignature = signWithNonce() }), 1.0)
}
