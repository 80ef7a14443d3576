// Package zegootel makes calls to ZEGO and callbacks from ZEGO visible in
// OpenTelemetry: as spans, and as metrics.
//
//	client, err := zegocensor.NewClient(appID, secret, zegocensor.WithInterceptor(zegootel.Interceptor()))
//	handler, err := callback.NewHandler(callbackSecret, zegootel.Handle(handle))
//	mux.Handle("POST /zego", zegootel.Handler(handler))
//
// # Spans
//
// A call is a client span named by its action, with all its attempts:
//
//	zego.action                 such as StartCensorAudioV2
//	zego.outcome                ok, refused, unknown (it may have been carried out), unavailable or canceled
//	zego.code                   of the last answer, where it had one
//	zego.request_id             what ZEGO's support asks for
//	server.address              ZEGO's host
//	http.response.status_code   of the last answer, where one came
//	http.request.resend_count   attempts after the first, where there were any
//	error.type                  the class of the error
//
// A callback is a server span named "zego callback", with zego.verdict,
// http.response.status_code, and, once it was verified, zego.event. What handle
// does is a span inside it, named by the event.
//
// # Metrics
//
//	zego.client.call.duration   s          by zego.action, zego.outcome, server.address
//	zego.client.call.attempts   {attempt}  by zego.action, zego.outcome
//	zego.client.refusals        {refusal}  by zego.action, zego.code.class
//	zego.client.limiter.wait    s          by zego.action
//	zego.callback.duration      s          by zego.event, zego.verdict
//
// Nothing here holds a URL, a query, a signature, a nonce, a secret, a room or a
// user. How many series there are does not depend on how many rooms there are.
package zegootel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
)

const scope = "github.com/zegocensor/zegocensor-go/otel"

// Option changes what the functions of this package make. A nil option is ignored
// and reported to OpenTelemetry's error handler.
type Option func(*config)

type config struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider replaces the global provider.
func WithTracerProvider(p trace.TracerProvider) Option { return func(c *config) { c.tracers = p } }

// WithMeterProvider replaces the global provider.
func WithMeterProvider(p metric.MeterProvider) Option { return func(c *config) { c.meters = p } }

func configure(opts []Option) (trace.Tracer, metric.Meter) {
	c := config{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for i, opt := range opts {
		if opt == nil {
			otel.Handle(fmt.Errorf("zegootel: opts[%d] must not be nil", i))
			continue
		}
		opt(&c)
	}
	return c.tracers.Tracer(scope, trace.WithInstrumentationVersion(zegocensor.Version)),
		c.meters.Meter(scope, metric.WithInstrumentationVersion(zegocensor.Version))
}

// seconds are the bucket boundaries of the histograms of time. They begin below
// the time that a callback takes to handle and end at the default timeout of an
// attempt, so that a quantile is not an interpolation inside one bucket.
var seconds = metric.WithExplicitBucketBoundaries(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

// must tells the global error handler what only a wrong name could bring about.
func must[T any](instrument T, err error) T {
	if err != nil {
		otel.Handle(err)
	}
	return instrument
}

// Interceptor makes a span and the metrics of each call of a client.
func Interceptor(opts ...Option) zegocensor.Interceptor {
	tracer, meter := configure(opts)
	duration := must(meter.Float64Histogram("zego.client.call.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time of calls to ZEGO, with all attempts and the waits between them")))
	attempts := must(meter.Int64Histogram("zego.client.call.attempts", metric.WithUnit("{attempt}"), metric.WithExplicitBucketBoundaries(1, 2, 3, 5, 10),
		metric.WithDescription("Attempts of calls to ZEGO")))
	refusals := must(meter.Int64Counter("zego.client.refusals", metric.WithUnit("{refusal}"),
		metric.WithDescription("Calls that ZEGO refused")))

	return func(ctx context.Context, call *zegocensor.Call, next func(context.Context) error) error {
		began := time.Now()
		ctx, span := tracer.Start(ctx, call.Action, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("zego.action", call.Action), attribute.String("server.address", call.Host)))
		defer span.End()
		err := next(ctx)
		outcome := outcomeOf(err)

		attrs := make([]attribute.KeyValue, 0, 6)
		attrs = append(attrs, attribute.String("zego.outcome", outcome))
		if call.HTTPStatus != 0 {
			attrs = append(attrs, attribute.Int("http.response.status_code", call.HTTPStatus))
		}
		if call.HTTPStatus != 0 && (call.Code != 0 || err == nil) {
			attrs = append(attrs, attribute.Int("zego.code", int(call.Code)))
		}
		if call.RequestID != "" {
			attrs = append(attrs, attribute.String("zego.request_id", call.RequestID))
		}
		if call.Attempts > 1 {
			attrs = append(attrs, attribute.Int("http.request.resend_count", call.Attempts-1))
		}
		if err != nil {
			attrs = append(attrs, attribute.String("error.type", classOf(err)))
			span.SetStatus(codes.Error, err.Error()) // which holds no secret: package zegocensor sees to that
		}
		span.SetAttributes(attrs...)

		action := attribute.String("zego.action", call.Action)
		result := attribute.String("zego.outcome", outcome)
		duration.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(action, result, attribute.String("server.address", call.Host)))
		attempts.Record(ctx, int64(call.Attempts), metric.WithAttributes(action, result))
		if outcome == "refused" {
			refusals.Add(ctx, 1, metric.WithAttributes(action, attribute.String("zego.code.class", classOf(err))))
		}
		return err
	}
}

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, zegocensor.ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(err, zegocensor.ErrRefused):
		return "refused"
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return "canceled"
	}
	return "unavailable"
}

// classOf names the class of an error, of which there are as many as sentinels.
func classOf(err error) string {
	for _, class := range [...]struct {
		sentinel error
		name     string
	}{
		{zegocensor.ErrOutcomeUnknown, "outcome_unknown"},
		{zegocensor.ErrInvalidRequest, "invalid_request"},
		{zegocensor.ErrUnauthenticated, "unauthenticated"},
		{zegocensor.ErrSignatureExpired, "signature_expired"},
		{zegocensor.ErrPermissionDenied, "permission_denied"},
		{zegocensor.ErrNotEnabled, "not_enabled"},
		{zegocensor.ErrRoomNotFound, "room_not_found"},
		{zegocensor.ErrRateLimited, "rate_limited"},
		{zegocensor.ErrUnavailable, "unavailable"},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "deadline_exceeded"},
	} {
		if errors.Is(err, class.sentinel) {
			return class.name
		}
	}
	return "other"
}

// Limiter measures how long calls wait for a limiter.
func Limiter(next zegocensor.Limiter, opts ...Option) zegocensor.Limiter {
	_, meter := configure(opts)
	return &limiter{next, must(meter.Float64Histogram("zego.client.limiter.wait", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time that calls to ZEGO wait for their rate")))}
}

type limiter struct {
	next zegocensor.Limiter
	wait metric.Float64Histogram
}

func (l *limiter) Wait(ctx context.Context, r zegocensor.LimitRequest) error {
	began := time.Now()
	err := l.next.Wait(ctx, r)
	l.wait.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(attribute.String("zego.action", r.Action)))
	return err
}

// received is what [Handle] tells [Handler] of a callback.
type received struct{ event string }

type receivedKey struct{}

// Handler makes a span and the metrics of each callback that a
// [callback.Handler] receives. The event is known where [Handle] is used too.
func Handler(next http.Handler, opts ...Option) http.Handler {
	tracer, meter := configure(opts)
	duration := must(meter.Float64Histogram("zego.callback.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time to answer ZEGO's callbacks")))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx, span := tracer.Start(r.Context(), "zego callback", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		got := &received{event: "none"}
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r.WithContext(context.WithValue(ctx, receivedKey{}, got)))

		event, verdict := attribute.String("zego.event", got.event), attribute.String("zego.verdict", verdictOf(s.status))
		span.SetAttributes(event, verdict, attribute.Int("http.response.status_code", s.status))
		if s.status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		duration.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(event, verdict))
	})
}

// verdictOf says what the answer of a [callback.Handler] means.
func verdictOf(status int) string {
	switch {
	case status < 300:
		return "accepted"
	case status == http.StatusForbidden:
		return "refused"
	case status == http.StatusServiceUnavailable:
		return "busy"
	case status >= 500:
		return "failed"
	}
	return "malformed"
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Handle makes a span of what handle does with an event, and tells [Handler]
// which event it was.
func Handle(handle func(ctx context.Context, e callback.Event) error, opts ...Option) func(ctx context.Context, e callback.Event) error {
	tracer, _ := configure(opts)
	return func(ctx context.Context, e callback.Event) (err error) {
		event := e.Head().Event
		if _, unknown := e.(*callback.UnknownEvent); unknown {
			event = "unknown" // of which there can be any number
		}
		if got, ok := ctx.Value(receivedKey{}).(*received); ok {
			got.event = event
		}
		ctx, span := tracer.Start(ctx, event, trace.WithAttributes(attribute.String("zego.event", event)))
		defer span.End()
		if err = handle(ctx, e); err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		return err
	}
}
