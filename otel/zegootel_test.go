package zegootel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	zegootel "github.com/zegocensor/zegocensor-go/otel"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// telemetry keeps what is recorded.
type telemetry struct {
	spans   *tracetest.SpanRecorder
	metrics *sdkmetric.ManualReader
	opts    []zegootel.Option
}

func newTelemetry() *telemetry {
	m := &telemetry{spans: tracetest.NewSpanRecorder(), metrics: sdkmetric.NewManualReader()}
	m.opts = []zegootel.Option{
		zegootel.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(m.spans))),
		zegootel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(m.metrics)))}
	return m
}

// series is each series of each metric, with how often it was recorded.
func (m *telemetry) series(t *testing.T) map[string]uint64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, m.metrics.Collect(t.Context(), &data))
	all := make(map[string]uint64)
	for _, scope := range data.ScopeMetrics {
		for _, metric := range scope.Metrics {
			add := func(set attribute.Set, n uint64) {
				all[metric.Name+" "+set.Encoded(attribute.DefaultEncoder())] += n
			}
			switch d := metric.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					add(p.Attributes, p.Count)
				}
			case metricdata.Histogram[int64]:
				for _, p := range d.DataPoints {
					add(p.Attributes, p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					add(p.Attributes, uint64(p.Value))
				}
			}
		}
	}
	return all
}

func attributes(s sdktrace.ReadOnlySpan) map[string]any {
	all := make(map[string]any)
	for _, a := range s.Attributes() {
		all[string(a.Key)] = a.Value.AsInterface()
	}
	return all
}

var request = zegocensor.StartCensorAudioV2Request{RoomID: "room_1", EventID: zegocensor.EventAudioRoom,
	AudioLanguage: zegocensor.LanguageEnglish, RiskTypeList: []zegocensor.RiskType{zegocensor.RiskAbuse}}

func TestInterceptor_scope(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	m := newTelemetry()
	client := zego.Client(zegocensor.WithInterceptor(zegootel.Interceptor(m.opts...)))
	_, err := client.GenerateIdentifyToken(t.Context(), nil)
	require.NoError(t, err)

	t.Run("spans and metrics name the version of this module", func(t *testing.T) {
		assert.Equal(t, zegocensor.Version, m.spans.Ended()[0].InstrumentationScope().Version)
		var data metricdata.ResourceMetrics
		require.NoError(t, m.metrics.Collect(t.Context(), &data))
		require.NotEmpty(t, data.ScopeMetrics)
		assert.Equal(t, zegocensor.Version, data.ScopeMetrics[0].Scope.Version)
	})
	t.Run("the buckets tell half a millisecond from five", func(t *testing.T) {
		var data metricdata.ResourceMetrics
		require.NoError(t, m.metrics.Collect(t.Context(), &data))
		for _, metric := range data.ScopeMetrics[0].Metrics {
			if metric.Name != "zego.client.call.duration" {
				continue
			}
			bounds := metric.Data.(metricdata.Histogram[float64]).DataPoints[0].Bounds
			assert.Equal(t, 0.0005, bounds[0])
			assert.Equal(t, 10.0, bounds[len(bounds)-1])
			assert.Contains(t, bounds, 0.001)
			assert.Contains(t, bounds, 0.0025)
			return
		}
		t.Fatal("no histogram of the time of calls")
	})
}

// vendorRefusal is a refusal of another vendor's client, such as that of module trtc.
type vendorRefusal struct{}

func (vendorRefusal) Error() string { return "refused" }
func (vendorRefusal) Is(target error) bool {
	return target == zegocensor.ErrRefused || target == zegocensor.ErrRoomNotFound
}

func TestInterceptor_otherVendors(t *testing.T) {
	m := newTelemetry()
	err := zegootel.Interceptor(m.opts...)(t.Context(), &zegocensor.Call{Action: "CreateCloudModeration", Host: "h", HTTPStatus: 200},
		func(context.Context) error { return vendorRefusal{} })
	require.ErrorIs(t, err, zegocensor.ErrRefused)
	assert.Equal(t, "refused", attributes(m.spans.Ended()[0])["zego.outcome"])
	assert.EqualValues(t, 1, m.series(t)["zego.client.refusals zego.action=CreateCloudModeration,zego.code.class=room_not_found"])
}

func TestOption_nil(t *testing.T) {
	var reported []error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { reported = append(reported, err) }))
	defer otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	assert.NotPanics(t, func() { zegootel.Interceptor(nil) })
	require.Len(t, reported, 1)
	assert.EqualError(t, reported[0], "zegootel: opts[0] must not be nil")
}

func TestCalls(t *testing.T) {
	zego := zegotest.NewServer(zegotest.WithRateLimit(0))
	defer zego.Close()
	m := newTelemetry()
	client := zego.Client(zegocensor.WithInterceptor(zegootel.Interceptor(m.opts...)),
		zegocensor.WithLimiter(zegootel.Limiter(free{}, m.opts...)), zegocensor.WithRetryPolicy(zegocensor.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
	host := strings.TrimPrefix(zego.URL(), "http://")
	start := func(faults ...zegotest.Fault) (map[string]any, sdktrace.ReadOnlySpan) {
		for _, f := range faults {
			zego.Inject(f)
		}
		_, _ = client.StartCensorAudioV2(t.Context(), &request)
		ended := m.spans.Ended()
		span := ended[len(ended)-1]
		assert.Equal(t, "StartCensorAudioV2", span.Name())
		assert.Equal(t, trace.SpanKindClient, span.SpanKind())
		attrs := attributes(span)
		assert.Equal(t, "StartCensorAudioV2", attrs["zego.action"])
		assert.Equal(t, host, attrs["server.address"])
		return attrs, span
	}

	attrs, span := start(zegotest.Fault{Code: zegocensor.CodeAppRateLimited, Times: 1})
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, "ok", attrs["zego.outcome"])
	assert.EqualValues(t, 0, attrs["zego.code"])
	assert.EqualValues(t, 1, attrs["http.request.resend_count"])
	assert.EqualValues(t, 200, attrs["http.response.status_code"])
	assert.NotEmpty(t, attrs["zego.request_id"])

	attrs, span = start(zegotest.Fault{Code: zegocensor.CodeRoomNotFound, Times: 1})
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "refused", attrs["zego.outcome"])
	assert.EqualValues(t, 104, attrs["zego.code"])
	assert.Equal(t, "room_not_found", attrs["error.type"])

	attrs, _ = start(zegotest.Fault{Cut: zegotest.CutAfterRead, Times: 1})
	assert.Equal(t, "unknown", attrs["zego.outcome"])
	assert.Equal(t, "outcome_unknown", attrs["error.type"])
	assert.NotContains(t, attrs, "http.response.status_code")
	assert.NotContains(t, attrs, "zego.code")

	series := m.series(t)
	labels := "server.address=" + host + ",zego.action=StartCensorAudioV2,zego.outcome="
	for _, outcome := range []string{"ok", "refused", "unknown"} {
		assert.EqualValues(t, 1, series["zego.client.call.duration "+labels+outcome], series)
	}
	assert.EqualValues(t, 1, series["zego.client.refusals zego.action=StartCensorAudioV2,zego.code.class=room_not_found"])
	assert.EqualValues(t, 4, series["zego.client.limiter.wait zego.action=StartCensorAudioV2"])
	assert.EqualValues(t, 1, series["zego.client.call.attempts zego.action=StartCensorAudioV2,zego.outcome=ok"])

	// Nothing that is recorded may be a secret, or be one of many.
	var all strings.Builder
	for _, s := range m.spans.Ended() {
		fmt.Fprintln(&all, s.Name(), attributes(s), s.Status(), s.Events())
	}
	for name := range series {
		fmt.Fprintln(&all, name)
	}
	secrets := []string{zego.ServerSecret(), "Signature", "room_1", "/?"}
	for _, r := range zego.Requests() {
		secrets = append(secrets, r.Signature, r.Nonce)
	}
	for _, secret := range secrets {
		assert.NotContains(t, all.String(), secret)
	}
}

type free struct{}

func (free) Wait(context.Context, zegocensor.LimitRequest) error { return nil }

func TestCallbacks(t *testing.T) {
	zego := zegotest.NewServer()
	defer zego.Close()
	m := newTelemetry()
	fail := true
	handler, err := callback.NewHandler(zego.CallbackSecret(), zegootel.Handle(func(ctx context.Context, e callback.Event) error {
		assert.True(t, trace.SpanContextFromContext(ctx).IsValid())
		if fail = !fail; fail {
			return errors.New("away")
		}
		return nil
	}, m.opts...))
	require.NoError(t, err)
	backend := httptest.NewServer(zegootel.Handler(handler, m.opts...))
	defer backend.Close()
	zego.SetCallbackURL(backend.URL)
	require.NoError(t, zego.OpenRoom("room_1", "u").Wait(t.Context()))
	zego.CloseRoom("room_1", 0)
	zego.Advance(0)
	forged := strings.Replace(string(zego.Callbacks()[0].Tries()[0].Body), "room_1", "room_2", 1)
	for _, body := range []string{forged, "{"} {
		w, err := http.Post(backend.URL, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		w.Body.Close()
	}
	series := m.series(t)
	for name, want := range map[string]uint64{"zego.event=room_create,zego.verdict=accepted": 1, "zego.event=room_close,zego.verdict=failed": 1,
		"zego.event=none,zego.verdict=refused": 1, "zego.event=none,zego.verdict=malformed": 1} {
		assert.Equal(t, want, series["zego.callback.duration "+name], series)
	}
	var inner, outer sdktrace.ReadOnlySpan
	for _, s := range m.spans.Ended() {
		switch {
		case s.Name() == "room_create":
			inner = s
		case attributes(s)["zego.verdict"] == "accepted":
			outer = s
		}
	}
	require.NotNil(t, inner)
	require.NotNil(t, outer)
	assert.Equal(t, outer.SpanContext().SpanID(), inner.Parent().SpanID())
	assert.Equal(t, "room_create", attributes(outer)["zego.event"])
	told, err := json.Marshal(attributes(outer))
	require.NoError(t, err)
	assert.NotContains(t, string(told), "room_1")
	assert.NotContains(t, string(told), zego.CallbackSecret())
}

// TestSeriesStayFew has 10 000 rooms.
func TestSeriesStayFew(t *testing.T) {
	zego := zegotest.NewServer(zegotest.WithRateLimit(0), zegotest.WithHistory(1))
	defer zego.Close()
	m := newTelemetry()
	client := zego.Client(zegocensor.WithInterceptor(zegootel.Interceptor(m.opts...)), zegocensor.WithLimiter(nil))
	few := 0
	for i := range 10_000 {
		req := request
		req.RoomID = "room_" + strconv.Itoa(i)
		_, err := client.StartCensorAudioV2(t.Context(), &req)
		require.NoError(t, err)
		if i == 0 {
			few = len(m.series(t))
		}
	}
	assert.Len(t, m.series(t), few)
}

// BenchmarkCall tells what the interceptor costs beside a call.
func BenchmarkCall(b *testing.B) {
	for name, opts := range map[string][]zegocensor.Option{
		"without": nil,
		"with":    {zegocensor.WithInterceptor(zegootel.Interceptor(newTelemetry().opts...))},
	} {
		b.Run(name, func(b *testing.B) {
			zego := zegotest.NewServer(zegotest.WithRateLimit(0), zegotest.WithHistory(1))
			defer zego.Close()
			client := zego.Client(append(opts, zegocensor.WithLimiter(nil))...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.GenerateIdentifyToken(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
