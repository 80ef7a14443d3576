package zegocensor

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"strconv"
)

const (
	nonceLen     = 16 // 8 random bytes in hex
	signatureLen = 2 * md5.Size
	// signBuffer holds what is hashed without a trip to the heap: two decimal
	// numbers, a nonce and a secret of up to 80 bytes (ZEGO's have 32).
	signBuffer = 128
)

// Sign returns the value of the Signature parameter of a server API request:
// the lower-case hex MD5 of appID, nonce, serverSecret and timestamp (Unix
// seconds), written as text and joined.
//
// The signature covers neither the action nor its parameters. Whoever sees one
// signed URL can call any action of the project until the timestamp is ten
// minutes old, so treat it as a secret. [Client] signs by itself; Sign is for
// programs that build requests of their own.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/accessing-server-apis
func Sign(appID uint32, serverSecret, nonce string, timestamp int64) string {
	var sig [signatureLen]byte
	return string(appendSignature(sig[:0], appID, serverSecret, nonce, timestamp))
}

func appendSignature[T string | []byte](dst []byte, appID uint32, serverSecret string, nonce T, timestamp int64) []byte {
	var buf [signBuffer]byte
	b := strconv.AppendUint(buf[:0], uint64(appID), 10)
	b = append(b, nonce...)
	b = append(b, serverSecret...)
	b = strconv.AppendInt(b, timestamp, 10)
	sum := md5.Sum(b)
	return hex.AppendEncode(dst, sum[:])
}

// appendNonce appends a fresh SignatureNonce. crypto/rand never fails.
func appendNonce(dst []byte) []byte {
	var raw [nonceLen / 2]byte
	_, _ = rand.Read(raw[:])
	return hex.AppendEncode(dst, raw[:])
}
