package zegocensor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zegocensor/zegocensor-go"
)

func TestSign(t *testing.T) {
	tests := map[string]struct {
		appID         uint32
		secret, nonce string
		timestamp     int64
		want          string
	}{
		"usual":          {1234567890, "0123456789abcdef0123456789abcdef", "c6b3e1f0a2d49788", 1700000000, "1c736785b7aa6ce5f3d75212dc0d8c53"},
		"smallest":       {1, "s", "0000000000000000", 0, "009d3637b2ad501f77703d8506cd94ad"},
		"largest, UTF-8": {4294967295, "ZEGO-测试-secret", "ffffffffffffffff", 1893456000, "1df4dbfb8af7c139873c45d5d2515d68"},
		"ZEGO's example": {12345, "9193cc662a4c0ec135ec71fb57194b38", "4fd24687296dd9f3", 1615186943, "43e5cfcca828314675f91b001390566a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, zegocensor.Sign(tt.appID, tt.secret, tt.nonce, tt.timestamp))
		})
	}
}
