package trtc

import (
	"context"
	"fmt"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
)

// credential tells with what an attempt is signed. It is a closure: nothing that
// prints a Client by reflection gets at it.
type credential func(ctx context.Context) (secretID, secretKey, token string, err error)

// newCredential makes one of Tencent's. A reason that is not "" says what is wrong
// with it.
func newCredential(c common.CredentialIface) (_ credential, reason string) {
	if _, ok := c.(*common.Credential); ok {
		secretID, secretKey, token := c.GetCredential()
		if secretID == "" || secretKey == "" {
			reason = "must have a SecretId and a SecretKey: copy them from Tencent Cloud's console"
		} else if !headerSafe(secretID) || !headerSafe(token) {
			reason = "must be printable ASCII, without blanks or line breaks"
		}
		return func(context.Context) (string, string, string, error) { return secretID, secretKey, token, nil }, reason
	}
	return func(ctx context.Context) (secretID, secretKey, token string, err error) {
		// Those of roles ask a server, without a limit of time and under a lock.
		type parts struct{ secretID, secretKey, token string }
		got := make(chan parts, 1)
		go func() {
			var p parts
			p.secretID, p.secretKey, p.token = c.GetCredential()
			got <- p
		}()
		select {
		case p := <-got:
			if p.secretID == "" || p.secretKey == "" || !headerSafe(p.secretID) || !headerSafe(p.token) {
				return "", "", "", fmt.Errorf("the credential has no usable SecretId and SecretKey now: %w", zegocensor.ErrUnauthenticated)
			}
			return p.secretID, p.secretKey, p.token, ctx.Err()
		case <-ctx.Done():
			return "", "", "", ctx.Err()
		}
	}, ""
}

// headerSafe reports whether a text can be sent in a header.
func headerSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
