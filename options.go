package zegocensor

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go/internal/attempt"
)

// Version is the version of this module, as the User-Agent header tells it.
const Version = "0.1.0"

const (
	userAgent             = "zegocensor-go/" + Version
	defaultAttemptTimeout = 10 * time.Second
)

// Option changes a [Client] while [NewClient] makes it. Where two options set
// the same thing, the last one counts. A wrong option is reported by NewClient,
// with all other faults.
type Option func(*options)

type options struct {
	faults
	client     *Client
	httpClient bool // the caller brought one
	limiter    bool // the caller chose one, or none
	insecure   bool // requests may cross a network in clear
}

// Region is one of ZEGO's addresses. ZEGO asks for the one nearest to the servers
// that call it.
//
// The region can decide the price. ZEGO's price list has one price for moderation in
// mainland China and one abroad, about 1.8 times as high, by the cluster that is
// requested. Ask ZEGO which price a region has before you change it.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/accessing-server-apis
type Region string

// The documented regions.
const (
	RegionGlobal     Region = "global" // resolved by ZEGO
	RegionShanghai   Region = "sha"
	RegionHongKong   Region = "hkg"
	RegionFrankfurt  Region = "fra"
	RegionCalifornia Region = "lax"
	RegionMumbai     Region = "bom"
	RegionSingapore  Region = "sgp"
)

var regions = []Region{RegionGlobal, RegionShanghai, RegionHongKong, RegionFrankfurt, RegionCalifornia, RegionMumbai, RegionSingapore}

func (r Region) url() *url.URL {
	host := "rtc-api.zego.im"
	if r != RegionGlobal {
		host = "rtc-api-" + string(r) + ".zego.im"
	}
	return &url.URL{Scheme: "https", Host: host, Path: "/"}
}

// WithRegion chooses one of ZEGO's addresses, which can also decide the price: see
// [Region]. The default is [RegionGlobal].
func WithRegion(r Region) Option {
	return func(o *options) {
		if !slices.Contains(regions, r) {
			o.add("WithRegion", "does not know the region "+quote(string(r))+": use one of "+join(regions))
			return
		}
		o.client.base = r.url()
	}
}

// WithBaseURL chooses another address: https, or http to a loopback host, as a
// signed URL must not cross a network in clear ([WithInsecureHTTP] allows it). It takes
// no user, query or fragment.
func WithBaseURL(rawURL string) Option {
	return func(o *options) {
		u, reason := attempt.ParseBaseURL(rawURL, "https://rtc-api.zego.im")
		if o.check(reason == "", "WithBaseURL", reason) {
			o.client.base = u
		}
	}
}

// WithInsecureHTTP lets [WithBaseURL] take http to any host, for a fake ZEGO in another
// container or on another machine. Never use it with a real project: whoever sees one
// signed URL on the network can call any action of the project for ten minutes.
func WithInsecureHTTP() Option {
	return func(o *options) { o.insecure = true }
}

// WithHTTPClient brings the transport and the time-out of c in place of the
// default transport. c is copied and never changed. Its cookie jar and its
// redirect policy are not used: redirects are never followed, as they would
// hand the signed URL to another host. A nil Transport is
// [http.DefaultTransport].
func WithHTTPClient(c *http.Client) Option {
	return func(o *options) {
		if c == nil {
			o.add("WithHTTPClient", "must not be nil: leave the option out to get the default")
			return
		}
		o.httpClient = true
		o.client.http = *c
	}
}

// WithUserAgent puts product, such as "myapp/1.2", before the SDK's own
// User-Agent.
func WithUserAgent(product string) Option {
	product = strings.TrimSpace(product)
	return func(o *options) {
		if product == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			o.add("WithUserAgent", "must be printable ASCII and not empty")
			return
		}
		o.client.header["User-Agent"] = []string{product + " " + userAgent}
	}
}

// Environment is one of the two environments of an old ZEGO project.
//
// https://www.zegocloud.com/docs/real-time-video-server/api-reference/accessing-server-apis
type Environment string

// The documented environments.
const (
	EnvironmentTest       Environment = "test"       // IsTest=true
	EnvironmentProduction Environment = "production" // IsTest=false
)

// WithEnvironment sends the public parameter IsTest: true for [EnvironmentTest],
// false for [EnvironmentProduction]. Without this option no IsTest is sent. Only
// projects that were created on or before 2021-11-16 need it: these have a test
// environment, and ZEGO requires the parameter of them.
//
// In the test environment some rates are lower, see [DocumentedRate]; the default
// limiter follows. ForbidRTCStream and the other actions on media streams then
// expect a StreamId of the form zegotest-<AppId>-<id>.
func WithEnvironment(env Environment) Option {
	return func(o *options) {
		ok := env == EnvironmentTest || env == EnvironmentProduction
		if o.check(ok, "WithEnvironment", "does not know the environment "+quote(string(env))+": use EnvironmentTest or EnvironmentProduction") {
			o.client.environment = env
		}
	}
}

// WithAttemptTimeout limits one attempt, from the wait for a connection to the
// last byte of the answer; the call with all its attempts is limited by its
// context. The default is 10 s.
func WithAttemptTimeout(d time.Duration) Option {
	return func(o *options) {
		if o.check(d > 0, "WithAttemptTimeout", "must be greater than 0") {
			o.client.attemptTimeout = d
		}
	}
}

// WithRetryPolicy changes how often and how soon a failed attempt is followed
// by another. What may be tried again at all is fixed: see the package
// documentation.
func WithRetryPolicy(p RetryPolicy) Option {
	policy := attempt.Policy(p).WithDefaults()
	return func(o *options) {
		for _, reason := range policy.Check() {
			o.add("WithRetryPolicy", reason)
		}
		o.client.retry = RetryPolicy(policy) // not used where a check failed
	}
}

// WithLimiter replaces the limiter that every attempt passes before it is sent.
// nil means none. The default keeps each action within its [DocumentedRate] (100 a
// second for the moderation actions) in this process, in the environment that
// [WithEnvironment] names.
func WithLimiter(l Limiter) Option {
	return func(o *options) { o.client.limiter, o.limiter = l, true }
}

// WithClock replaces [time.Now] as the source of timestamps.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		if o.check(now != nil, "WithClock", "must not be nil") {
			o.client.clock.Now = now
		}
	}
}

// WithLogger logs calls: one record for each call at Debug, for each further
// attempt at Info, for each failed call at Warn. Without it, or with nil, the
// client is silent. No record holds a URL, a secret or a room.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.client.logger = l }
}

// WithInterceptor adds interceptors around every call, the first one outermost.
func WithInterceptor(i ...Interceptor) Option {
	return func(o *options) {
		for _, f := range i {
			if o.check(f != nil, "WithInterceptor", "must not be nil") {
				o.client.interceptors = append(o.client.interceptors, f)
			}
		}
	}
}
