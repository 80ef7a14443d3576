package trtc

import (
	"context"
	"fmt"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
)

// credential is one of Tencent's, as a closure: nothing that prints a Client by
// reflection gets at what it holds.
type credential func() (secretID, secretKey, token string)

// check says what is wrong with it now. "" means nothing.
func (c credential) check() (reason string) {
	secretID, secretKey, token := c()
	switch {
	case secretID == "" || secretKey == "":
		return "must have a SecretId and a SecretKey: copy them from Tencent Cloud's console"
	case !headerSafe(secretID) || !headerSafe(token):
		return "must be printable ASCII, without blanks or line breaks"
	}
	return ""
}

// ask gets it. Those of roles ask a server, without a limit of time and under a lock:
// they are waited for no longer than ctx lasts.
func (c credential) ask(ctx context.Context) (secretID, secretKey, token string, err error) {
	got := make(chan [3]string, 1)
	go func() {
		defer func() {
			if recover() != nil {
				got <- [3]string{} // as if it had none: a panic here would end the process
			}
		}()
		secretID, secretKey, token := c()
		got <- [3]string{secretID, secretKey, token}
	}()
	var all [3]string
	select {
	case all = <-got:
	case <-ctx.Done():
		return "", "", "", ctx.Err()
	}
	fixed := credential(func() (string, string, string) { return all[0], all[1], all[2] })
	if reason := fixed.check(); reason != "" {
		return "", "", "", fmt.Errorf("the credential %s: %w", reason, zegocensor.ErrUnauthenticated)
	}
	return all[0], all[1], all[2], ctx.Err()
}

// isFixed reports whether a credential is only what a program has put into it.
func isFixed(c common.CredentialIface) bool {
	_, ok := c.(*common.Credential)
	return ok
}

// headerSafe reports whether a text can be sent in a header.
func headerSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
