package trtc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/internal/attempt"
	"github.com/zegocensor/zegocensor-go/internal/limit"
)

// Client calls TRTC's server API for one application. It is safe for concurrent
// use; make one for each application and keep it. Printing, logging or encoding a
// Client shows no secret.
type Client struct {
	sdkAppID     uint32
	credential   credential
	sdkSecretKey func() string // a closure: nothing that prints a Client by reflection gets at it; nil = none

	base           *url.URL
	region         string
	http           http.Client
	attemptTimeout time.Duration
	retry          attempt.Policy
	limiter        zegocensor.Limiter
	logger         *slog.Logger
	interceptors   []zegocensor.Interceptor
	clock          attempt.Clock
}

// Endpoint is one of Tencent's addresses.
type Endpoint string

// The documented endpoints, for accounts of the two sites of Tencent Cloud.
const (
	EndpointInternational Endpoint = "trtc.intl.tencentcloudapi.com" // the default
	EndpointMainland      Endpoint = "trtc.tencentcloudapi.com"      // mainland China
)

// regionOf is the default of a host: that of the site it belongs to.
func regionOf(host string) string {
	if strings.HasSuffix(host, ".tencentcloudapi.com") && !strings.Contains(host, ".intl.") {
		return "ap-shanghai"
	}
	return "ap-singapore"
}

// Option changes a [Client] while [NewClient] makes it. Where two options set the
// same thing, the last one counts. A wrong option is reported by NewClient, with
// all other faults.
type Option func(*options)

type options struct {
	faults
	client     *Client
	httpClient bool // the caller brought one
}

// NewClient returns a client for the application with the SdkAppId, from TRTC's
// console. The credential is asked for each attempt, so that one that changes, as
// those of roles do, is used as it is then; common.NewCredential makes one of a
// SecretId and a SecretKey. A call waits for its credential no longer than its
// context and the time of an attempt last. NewClient makes no connection. Every
// fault of the arguments and of the options is reported in one
// *zegocensor.InvalidRequestError.
func NewClient(sdkAppID uint32, credential common.CredentialIface, opts ...Option) (*Client, error) {
	c := &Client{
		sdkAppID:       sdkAppID,
		base:           EndpointInternational.url(),
		attemptTimeout: 10 * time.Second,
		retry:          attempt.Default,
		limiter:        newLimiter(),
		clock:          attempt.Clock{Now: time.Now},
	}
	o := options{client: c}
	o.check(sdkAppID != 0, "sdkAppID", "must not be 0: copy the SDKAppID of the application from TRTC's console")
	if v := reflect.ValueOf(credential); o.check(v.IsValid() && (v.Kind() != reflect.Pointer || !v.IsNil()), "credential", "must not be nil: common.NewCredential makes one") {
		c.credential = credential.GetCredential
		if isFixed(credential) {
			o.reason("credential", c.credential.check())
		}
	}
	for i, opt := range opts {
		if opt == nil {
			o.add(fmt.Sprintf("opts[%d]", i), "must not be nil")
			continue
		}
		opt(&o)
	}
	if len(o.faults) > 0 {
		return nil, &zegocensor.InvalidRequestError{Package: "trtc", Action: "NewClient", Faults: o.faults}
	}
	if c.region == "" {
		c.region = regionOf(strings.ToLower(c.base.Hostname()))
	}
	if !o.httpClient {
		c.http.Transport = zegocensor.NewTransport()
	}
	return c, nil
}

// String names the application and the host. It is what the fmt verbs print.
func (c *Client) String() string {
	return fmt.Sprintf("trtc.Client(SdkAppId %d, %s)", c.sdkAppID, c.base.Host)
}

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that wait for a next call.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// DocumentedRate returns the rate limit that Tencent documents for each of the
// moderation actions of an application: 20 calls a second, for all rooms.
//
// https://www.tencentcloud.com/document/api/647/72648
func DocumentedRate(_ string) zegocensor.Limit { return zegocensor.Limit{PerSecond: 20} }

type limiter struct{ actions *limit.Limiter }

func newLimiter() zegocensor.Limiter {
	return limiter{limit.New(func(action string) limit.Limit { return limit.Limit(DocumentedRate(action)) })}
}

func (l limiter) Wait(ctx context.Context, r zegocensor.LimitRequest) error {
	return l.actions.Wait(ctx, r.Action, r.RoomID)
}

func (e Endpoint) url() *url.URL { return &url.URL{Scheme: "https", Host: string(e), Path: "/"} }

// WithEndpoint chooses one of Tencent's addresses, and its region:
// ap-singapore for [EndpointInternational], the default, and ap-shanghai for
// [EndpointMainland], the only ones that each site documents for the moderation
// actions.
//
// https://cloud.tencent.com/document/product/647/121442
func WithEndpoint(e Endpoint) Option {
	return func(o *options) {
		if o.check(e == EndpointInternational || e == EndpointMainland, "WithEndpoint", "must be one of the constants: WithBaseURL takes another address") {
			o.client.base = e.url()
		}
	}
}

// WithBaseURL chooses another address: https, or http to a loopback host. It
// takes no path, user, query or fragment.
func WithBaseURL(rawURL string) Option {
	return func(o *options) {
		u, reason := attempt.ParseBaseURL(rawURL, "https://"+string(EndpointInternational))
		if u != nil && u.Path != "/" {
			reason = "must not hold a path, which Tencent's signature does not allow"
		}
		if u != nil && reason == "" && attempt.InClear(u) {
			reason = attempt.NotInClear
		}
		if o.check(reason == "", "WithBaseURL", reason) {
			o.client.base = u
		}
	}
}

// WithRegion sets the X-TC-Region of requests in place of the endpoint's. Other actions
// than those of moderation can have other regions, such as ap-guangzhou: [Client.Do]
// needs a client with that region for them.
func WithRegion(region string) Option {
	return func(o *options) {
		ok := region != "" && !strings.ContainsFunc(region, func(r rune) bool { return !isAlphanumeric(r) && r != '-' })
		if o.check(ok, "WithRegion", `must be a name such as "ap-singapore"`) {
			o.client.region = region
		}
	}
}

// WithSDKSecretKey sets the SDKSecretKey of the application, from TRTC's console.
// With it, a Create that has no UserSig gets one, for [UserSigValidity].
func WithSDKSecretKey(key string) Option {
	return func(o *options) {
		if o.check(key != "", "WithSDKSecretKey", "must not be empty: copy it from TRTC's console") {
			o.client.sdkSecretKey = func() string { return key }
		}
	}
}

// WithHTTPClient brings the transport and the time-out of c in place of those of
// [zegocensor.NewTransport]. c is copied and never changed. Its cookie jar and its
// redirect policy are not used: redirects are never followed. A nil Transport is
// [http.DefaultTransport].
func WithHTTPClient(c *http.Client) Option {
	return func(o *options) {
		if o.check(c != nil, "WithHTTPClient", "must not be nil: leave the option out to get the default") {
			o.httpClient = true
			o.client.http = *c
		}
	}
}

// WithAttemptTimeout limits one attempt, from the wait for a connection to the
// last byte of the answer; the call with all its attempts is limited by its
// context. The default is 10 s. Tencent documents 6 s for its own work.
func WithAttemptTimeout(d time.Duration) Option {
	return func(o *options) {
		if o.check(d > 0, "WithAttemptTimeout", "must be greater than 0") {
			o.client.attemptTimeout = d
		}
	}
}

// WithRetryPolicy changes how often and how soon a failed attempt is followed by
// another. What may be tried again at all is fixed: see the package documentation.
func WithRetryPolicy(p zegocensor.RetryPolicy) Option {
	policy := attempt.Policy(p).WithDefaults()
	return func(o *options) {
		for _, reason := range policy.Check() {
			o.add("WithRetryPolicy", reason)
		}
		o.client.retry = policy // not used where a check failed
	}
}

// WithLimiter replaces the limiter that every attempt passes before it is sent.
// nil means none. The default keeps each action within its [DocumentedRate] in this process;
// replicas need a shared one, such as that of package zegoredis with its WithRate.
func WithLimiter(l zegocensor.Limiter) Option {
	return func(o *options) { o.client.limiter = l }
}

// WithClock replaces [time.Now] as the source of timestamps. That of a UserSig is
// Tencent's module's own.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		if o.check(now != nil, "WithClock", "must not be nil") {
			o.client.clock.Now = now
		}
	}
}

// WithLogger logs calls: one record for each call at Debug, for each further
// attempt at Info, for each failed call at Warn. Without it, or with nil, the
// client is silent. No record holds a secret or a room.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.client.logger = l }
}

// WithInterceptor adds interceptors around every call, the first one outermost,
// such as that of package zegootel. The Code of their [zegocensor.Call] is 0:
// Tencent's codes are texts, and in the error.
func WithInterceptor(i ...zegocensor.Interceptor) Option {
	return func(o *options) {
		for _, f := range i {
			if o.check(f != nil, "WithInterceptor", "must not be nil") {
				o.client.interceptors = append(o.client.interceptors, f)
			}
		}
	}
}

// faults collects what is wrong with a request or a configuration.
type faults []zegocensor.Fault

func (f *faults) add(field, reason string) {
	*f = append(*f, zegocensor.Fault{Field: field, Reason: reason})
}

func (f *faults) check(ok bool, field, reason string) bool {
	if !ok {
		f.add(field, reason)
	}
	return ok
}

// reason adds what is wrong with a field, unless nothing is.
func (f *faults) reason(field, reason string) { f.check(reason == "", field, reason) }

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
