package zegocensor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// sinkSignature keeps the compiler from dropping what is measured.
var sinkSignature string

func signWithNonce() string {
	var nonce [nonceLen]byte
	var sig [signatureLen]byte
	return string(appendSignature(sig[:0], 1234567890, "0123456789abcdef0123456789abcdef", appendNonce(nonce[:0]), 1700000000))
}

func BenchmarkSignWithNonce(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sinkSignature = signWithNonce()
	}
}

func TestNonceIsFresh(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		n := string(appendNonce(nil))
		assert.Regexp(t, "^[0-9a-f]{16}$", n)
		assert.False(t, seen[n])
		seen[n] = true
	}
}
