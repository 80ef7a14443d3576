package trtc_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/trtc"
	"github.com/zegocensor/zegocensor-go/trtc/trtctest"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func refusal(code string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return answer(200, `{"Response":{"Error":{"Code":"`+code+`","Message":"no"},"RequestId":"R1"}}`), nil
	}
}

func page(status int) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, "<html>no</html>"), nil }
}

func failure(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// TestRetryTable is the table of the package documentation.
func TestRetryTable(t *testing.T) {
	type row struct {
		answer        func() (*http.Response, error)
		create, other int   // attempts of three
		is            error // of both
		unknown       bool  // of the Create
		unread        bool  // the transport failed before it read the body
	}
	u := &url.URL{Scheme: "https", Host: "h"}
	for name, r := range map[string]row{
		"DNS":                         {failure(&net.DNSError{Err: "no such host"}), 3, 3, nil, false, true},
		"DNS after reading the body":  {failure(&net.DNSError{Err: "no such host"}), 1, 3, nil, true, false},
		"dial":                        {failure(&net.OpError{Op: "dial", Err: io.EOF}), 3, 3, nil, false, true},
		"dial after reading the body": {failure(&net.OpError{Op: "dial", Err: io.EOF}), 1, 3, nil, true, false},
		"TLS":                         {failure(x509.UnknownAuthorityError{}), 3, 3, nil, false, true},
		"TLS after reading the body":  {failure(x509.UnknownAuthorityError{}), 1, 3, nil, true, false},
		"reset":                       {failure(&url.Error{Op: "Post", URL: u.String(), Err: io.ErrUnexpectedEOF}), 1, 3, io.ErrUnexpectedEOF, true, false},
		"HTTP 429":                    {page(429), 3, 3, zegocensor.ErrRateLimited, false, false},
		"limit":                       {refusal("RequestLimitExceeded"), 3, 3, zegocensor.ErrRateLimited, false, false},
		"limit of an account":         {refusal("RequestLimitExceeded.UinLimitExceeded"), 3, 3, zegocensor.ErrRateLimited, false, false},
		"too many tasks":              {refusal("FailedOperation.RestrictedConcurrency"), 1, 1, zegocensor.ErrRateLimited, false, false},
		"HTTP 502":                    {page(502), 1, 3, zegocensor.ErrUnavailable, true, false},
		"HTTP 503":                    {page(503), 1, 3, zegocensor.ErrUnavailable, true, false},
		"HTTP 504":                    {page(504), 1, 3, zegocensor.ErrUnavailable, true, false},
		"internal":                    {refusal("InternalError"), 1, 3, zegocensor.ErrUnavailable, true, false},
		"internal, in detail":         {refusal("InternalError.CSInternalError"), 1, 3, zegocensor.ErrUnavailable, true, false},
		"unavailable":                 {refusal("ServiceUnavailable"), 1, 3, zegocensor.ErrUnavailable, true, false},
		"HTTP 500":                    {page(500), 1, 1, zegocensor.ErrUnavailable, true, false},
		"HTML with 200":               {page(200), 1, 1, nil, true, false},
		"JSON cut short":              {func() (*http.Response, error) { return answer(200, `{"Response":{"TaskId":"T"`), nil }, 1, 1, nil, true, false},
		"another JSON":                {func() (*http.Response, error) { return answer(200, `{"code":0}`), nil }, 1, 1, nil, true, false},
		"Response is a list":          {func() (*http.Response, error) { return answer(200, `{"Response":[]}`), nil }, 1, 1, nil, true, false},
		"redirect":                    {page(307), 1, 1, nil, false, false},
		"HTTP 404":                    {page(404), 1, 1, nil, false, false},
		"a success with 503": {func() (*http.Response, error) {
			return answer(503, `{"Response":{"RequestId":"R","TaskId":"T","Status":"Idle"}}`), nil
		}, 1, 3, zegocensor.ErrUnavailable, true, false},
		"a success with 403": {func() (*http.Response, error) {
			return answer(403, `{"Response":{"RequestId":"R","TaskId":"T","Status":"Idle"}}`), nil
		}, 1, 1, nil, false, false},
		"an empty Response":       {func() (*http.Response, error) { return answer(200, `{"Response":{}}`), nil }, 1, 1, nil, true, false},
		"Error without a code":    {func() (*http.Response, error) { return answer(200, `{"Response":{"Error":{},"TaskId":"T"}}`), nil }, 1, 1, nil, false, false},
		"Error of another form":   {func() (*http.Response, error) { return answer(200, `{"Response":{"Error":"no","TaskId":"T"}}`), nil }, 1, 1, nil, false, false},
		"wrong signature":         {refusal("AuthFailure.SignatureFailure"), 1, 1, zegocensor.ErrUnauthenticated, false, false},
		"expired, without a Date": {refusal("AuthFailure.SignatureExpire"), 1, 1, zegocensor.ErrSignatureExpired, false, false},
		"not allowed":             {refusal("AuthFailure.UnauthorizedOperation"), 1, 1, zegocensor.ErrPermissionDenied, false, false},
		"not allowed, too":        {refusal("UnauthorizedOperation.SdkAppId"), 1, 1, zegocensor.ErrPermissionDenied, false, false},
		"parameter":               {refusal("InvalidParameter.OutOfRange"), 1, 1, zegocensor.ErrInvalidRequest, false, false},
		"parameter value":         {refusal("InvalidParameterValue.RoomId"), 1, 1, zegocensor.ErrInvalidRequest, false, false},
		"missing parameter":       {refusal("MissingParameter.UserSig"), 1, 1, zegocensor.ErrInvalidRequest, false, false},
		"not found":               {refusal("ResourceNotFound"), 1, 1, trtc.ErrTaskNotFound, false, false},
		"failed":                  {refusal("FailedOperation"), 1, 1, nil, false, false},
		"new code":                {refusal("Something.New"), 1, 1, nil, false, false},
	} {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				w := &wire{unread: r.unread, answer: func(int, *http.Request) (*http.Response, error) { return r.answer() }}
				err := do(t.Context(), newClient(t, w))
				if call == "Delete" || call == "Modify" || call == "Describe" {
					assert.Len(t, w.seen, r.other)
					assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
				} else {
					assert.Len(t, w.seen, r.create)
					assert.Equal(t, r.unknown, errors.Is(err, zegocensor.ErrOutcomeUnknown), "%v", err)
				}
				require.Error(t, err)
				if r.is != nil {
					assert.ErrorIs(t, err, r.is)
				}
				assert.NotErrorIs(t, err, nil)
			})
		}
	}
}

func TestErrorsTellTheDetails(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return refusal("MissingParameter.UserSig")() }}
	err := calls["Create"](t.Context(), newClient(t, w))
	var refused *trtc.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, trtc.Code("MissingParameter.UserSig"), refused.Code)
	assert.Equal(t, "no", refused.Message)
	assert.Equal(t, "R1", refused.RequestID)
	assert.Equal(t, `trtc: CreateCloudModeration: refused: MissingParameter.UserSig ("no", HTTP 200, request "R1")`, err.Error())

	w.answer = func(int, *http.Request) (*http.Response, error) { return nil, io.EOF }
	err = calls["Create"](t.Context(), newClient(t, w))
	var lost *zegocensor.TransportError
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, "trtc.intl.tencentcloudapi.com", lost.Host)
	assert.ErrorContains(t, err, "it may have been carried out")

	w.answer = func(int, *http.Request) (*http.Response, error) { return page(502)() }
	err = calls["Delete"](t.Context(), newClient(t, w))
	var unusable *zegocensor.ResponseError
	require.ErrorAs(t, err, &unusable)
	assert.Equal(t, 502, unusable.HTTPStatus)
	assert.Equal(t, "<html>no</html>", unusable.Excerpt)
}

// TestEachAttemptIsSignedAnew changes the credential between attempts, as that of a
// role does.
func TestEachAttemptIsSignedAnew(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	w := &wire{}
	w.answer = func(n int, _ *http.Request) (*http.Response, error) {
		now = now.Add(time.Second)
		if n < 3 {
			return refusal("RequestLimitExceeded")()
		}
		return answer(200, `{"Response":{"TaskId":"T"}}`), nil
	}
	resp, err := newClient(t, w, trtc.WithClock(func() time.Time { return now })).CreateCloudModeration(t.Context(), request())
	require.NoError(t, err)
	assert.Equal(t, 3, resp.Attempts)
	signatures := map[string]bool{}
	for _, r := range w.seen {
		signatures[r.Header.Get("Authorization")] = true
	}
	assert.Len(t, signatures, 3)
	assert.Equal(t, w.bodies[0], w.bodies[2])
}

// TestRetryAfter is waited for, up to MaxBackoff.
func TestRetryAfter(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(429, `{"Response":{"Error":{"Code":"RequestLimitExceeded"}}}`, "Retry-After", "3600"), nil
	}}
	c := newClient(t, w, trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 2, MinBackoff: time.Millisecond, MaxBackoff: 30 * time.Millisecond}))
	began := time.Now()
	err := calls["Create"](t.Context(), c)
	assert.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)
	var teller interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &teller)
	assert.Equal(t, time.Hour, teller.RetryAfter())
}

// TestRetryAfterOfAPage is told by the error that the method returns.
func TestRetryAfterOfAPage(t *testing.T) {
	w := &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(503, "<html>", "Retry-After", "7"), nil
	}}
	err := calls["Create"](t.Context(), newClient(t, w))
	var teller interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &teller)
	assert.Equal(t, 7*time.Second, teller.RetryAfter())
}

// role is a credential that changes, as those of roles do.
type role struct {
	wait     time.Duration
	id, key  string
	notReady atomic.Int32 // times
}

func (r *role) GetCredential() (string, string, string) {
	time.Sleep(r.wait)
	if r.notReady.Add(-1) >= 0 {
		return "", "", ""
	}
	return r.id, r.key, "token"
}

func (r *role) GetSecretId() string  { panic("one after the other they may not fit") }
func (r *role) GetSecretKey() string { panic("one after the other they may not fit") }
func (r *role) GetToken() string     { panic("one after the other they may not fit") }

// TestCredentials come late, not at all, or cannot be sent; then nothing is.
func TestCredentials(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	client := func(r *role, opts ...trtc.Option) *trtc.Client {
		c, err := trtc.NewClient(trtctest.SdkAppID, r, append(opts, trtc.WithBaseURL(tencent.URL()), trtc.WithSDKSecretKey(trtctest.SDKSecretKey), fast)...)
		require.NoError(t, err)
		return c
	}
	create := func(ctx context.Context, c *trtc.Client) error {
		_, err := c.CreateCloudModeration(ctx, &trtc.CreateCloudModerationRequest{RoomID: "1"})
		return err
	}
	r := &role{id: trtctest.SecretID, key: trtctest.SecretKey}
	r.notReady.Store(2)
	require.NoError(t, create(t.Context(), client(r)), "the third time")
	require.Len(t, tencent.Requests(), 1)
	assert.Equal(t, "token", tencent.Requests()[0].Header.Get("X-TC-Token"))

	tencent.Reset()
	for name, r := range map[string]*role{"none": {}, "a line break": {id: "AKID\n", key: "k"}} {
		err := create(t.Context(), client(r))
		assert.ErrorIs(t, err, zegocensor.ErrUnauthenticated, name)
		assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown, name)
	}
	slow := &role{id: trtctest.SecretID, key: trtctest.SecretKey, wait: 200 * time.Millisecond}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := create(ctx, client(slow))
	assert.Less(t, time.Since(began), 150*time.Millisecond)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
	err = create(t.Context(), client(slow, trtc.WithAttemptTimeout(20*time.Millisecond)))
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "no complete answer within 20ms")
	assert.Empty(t, tencent.Requests())

	for _, c := range []common.CredentialIface{(*role)(nil), (*common.Credential)(nil), common.NewCredential("AKID\n", "k"), common.NewTokenCredential("AKID", "k", "t\r\nX: y")} {
		_, err := trtc.NewClient(1, c)
		assert.ErrorContains(t, err, "credential")
	}
}

// TestAWrongClockIsCorrected by the fake's Date header.
func TestAWrongClockIsCorrected(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	tencent.Inject(trtctest.Fault{ClockSkew: 20 * time.Minute})
	c := tencent.Client()
	task, err := c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "1"})
	require.NoError(t, err)
	assert.Equal(t, 2, task.Attempts)
	task, err = c.CreateCloudModeration(t.Context(), &trtc.CreateCloudModerationRequest{RoomID: "2"})
	require.NoError(t, err)
	assert.Equal(t, 1, task.Attempts, "what was measured is kept")

	tencent.Reset()
	tencent.Inject(trtctest.Fault{ClockSkew: -20 * time.Minute, Date: time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)})
	err = calls["Delete"](t.Context(), tencent.Client())
	assert.ErrorIs(t, err, zegocensor.ErrSignatureExpired)
	assert.Len(t, tencent.Requests(), 2, "once")
}

// TestFaultsOfTheFake breaks connections for real.
func TestFaultsOfTheFake(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	c := tencent.Client(fast)
	for name, cut := range map[string]zegotest.Cut{"before": zegotest.CutBeforeRead, "after": zegotest.CutAfterRead, "body": zegotest.CutBody} {
		t.Run(name, func(t *testing.T) {
			tencent.Reset()
			tencent.Inject(trtctest.Fault{Cut: cut, Times: 1})
			err := calls["Create"](t.Context(), tencent.Client(fast))
			assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
			assert.Len(t, tencent.Requests(), 1)
			tencent.Inject(trtctest.Fault{Cut: cut, Times: 2})
			err = calls["Delete"](t.Context(), c)
			assert.ErrorIs(t, err, trtc.ErrTaskNotFound, "the third try got an answer")
			assert.Len(t, tencent.Requests(), 4)
		})
	}
}

// TestAnAttemptsTimeIsNotTheCallers is tried again where the table says so.
func TestAnAttemptsTimeIsNotTheCallers(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	tencent.Inject(trtctest.Fault{Hang: true})
	c := tencent.Client(fast, trtc.WithAttemptTimeout(20*time.Millisecond))
	err := calls["Delete"](t.Context(), c)
	assert.Len(t, tencent.Requests(), 3)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "no complete answer within 20ms")
	err = calls["Create"](t.Context(), c)
	assert.ErrorIs(t, err, zegocensor.ErrOutcomeUnknown)
	assert.Len(t, tencent.Requests(), 4)
}

// TestTheLimiterKeepsTheRate of 20 calls a second.
func TestTheLimiterKeepsTheRate(t *testing.T) {
	tencent := trtctest.NewServer()
	defer tencent.Close()
	c := tencent.Client()
	began := time.Now()
	for range 11 {
		assert.ErrorIs(t, calls["Delete"](t.Context(), c), trtc.ErrTaskNotFound)
	}
	assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond)
	assert.Len(t, tencent.Requests(), 11)

	free := tencent.Client(trtc.WithLimiter(nil), trtc.WithRetryPolicy(zegocensor.RetryPolicy{MaxAttempts: 1}))
	limited := false
	for range 30 {
		limited = limited || errors.Is(calls["Delete"](t.Context(), free), zegocensor.ErrRateLimited)
	}
	assert.True(t, limited, "the fake keeps it too")
}
