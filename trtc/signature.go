package trtc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm     = "TC3-HMAC-SHA256"
	service       = "trtc"
	version       = "2019-07-22"
	contentType   = "application/json; charset=utf-8"
	signedHeaders = "content-type;host"
)

// Sign returns the TC3-HMAC-SHA256 signature of a POST to the path "/" of a host,
// over the headers Content-Type and Host and the payload, at a time in Unix
// seconds: lower-case hex. service is the first part of the host's name, such as
// "trtc". [Client] signs by itself; Sign is for programs that build requests of
// their own.
//
// https://www.tencentcloud.com/document/product/647/34264
func Sign(secretKey, service, host, contentType string, timestamp int64, payload []byte) string {
	hash := sha256.Sum256(payload)
	canonical := "POST\n/\n\n" +
		"content-type:" + strings.ToLower(contentType) + "\nhost:" + strings.ToLower(host) + "\n\n" +
		signedHeaders + "\n" + hex.EncodeToString(hash[:])
	hash = sha256.Sum256([]byte(canonical))
	day := date(timestamp)
	key := []byte("TC3" + secretKey)
	for _, part := range [...]string{day, service, "tc3_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, algorithm+"\n"+strconv.FormatInt(timestamp, 10)+"\n"+scope(day, service)+"\n"+hex.EncodeToString(hash[:])))
}

func date(timestamp int64) string { return time.Unix(timestamp, 0).UTC().Format(time.DateOnly) }

func scope(date, service string) string { return date + "/" + service + "/tc3_request" }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// authorization is the header of that name.
func authorization(secretID, signature string, timestamp int64) string {
	return algorithm + " Credential=" + secretID + "/" + scope(date(timestamp), service) +
		", SignedHeaders=" + signedHeaders + ", Signature=" + signature
}
