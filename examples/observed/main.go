// Command observed is a backend whose rooms are moderated, as it is seen in
// production: its traces are written to standard output, and its metrics are
// served for Prometheus.
//
// It talks to a fake ZEGO in this process, which refuses a call now and then and
// tells of rooms and results, and ends after -for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/moderator"
	zegootel "github.com/zegocensor/zegocensor-go/otel"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listen := flag.String("listen", "127.0.0.1:0", "serve callbacks and /metrics on `address`")
	duration := flag.Duration("for", 3*time.Second, "end after `duration`")
	flag.Parse()
	if err := run(ctx, *listen, *duration, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "observed:", err)
		os.Exit(1)
	}
}

// run serves for a while. Spans go to traces, everything else to notes.
func run(ctx context.Context, listen string, duration time.Duration, traces, notes io.Writer) error {
	exporter, err := stdouttrace.New(stdouttrace.WithWriter(traces), stdouttrace.WithPrettyPrint())
	if err != nil {
		return err
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	registry := prometheus.NewRegistry()
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		return err
	}
	opts := []zegootel.Option{zegootel.WithTracerProvider(tracers), zegootel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))}

	zego := zegotest.NewServer()
	defer zego.Close()
	client := zego.Client(zegocensor.WithInterceptor(zegootel.Interceptor(opts...)), zegocensor.WithLimiter(zegootel.Limiter(zegocensor.NewLimiter(zegocensor.EnvironmentProduction), opts...)))
	// Audio asks for the results of what passes (ReturnAllText): they show the moderator
	// which tasks run. A program that does not want their text uses WithoutPassResults.
	m, err := moderator.New(moderator.Audio(client, zegocensor.StartCensorAudioV2Request{
		EventID:       zegocensor.EventAudioRoom,
		AudioLanguage: zegocensor.LanguageEnglish,
		RiskTypeList:  []zegocensor.RiskType{zegocensor.RiskPornography, zegocensor.RiskAbuse},
	}), moderator.WithBackoff(50*time.Millisecond, time.Second), moderator.WithInterval(50*time.Millisecond))
	if err != nil {
		return err
	}
	handler, err := callback.NewHandler(zego.CallbackSecret(), zegootel.Handle(m.Handle, opts...))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /zego", zegootel.Handler(handler, opts...))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	go func() { _ = server.Serve(listener) }() // until Shutdown
	address := "http://" + listener.Addr().String()
	zego.SetCallbackURL(address + "/zego")
	fmt.Fprintf(notes, "metrics: %s/metrics\n", address)

	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	go func() { _ = m.Run(ctx) }()
	live(ctx, zego)

	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = m.Shutdown(ctx, true)
	fmt.Fprintf(notes, "%d rooms, %d tasks, %d left running\n", len(zego.Rooms()), len(zego.Tasks()), len(zego.Running()))
	return errors.Join(err, server.Shutdown(ctx), tracers.Shutdown(ctx))
}

// live has rooms open and close, results come, and calls fail now and then.
func live(ctx context.Context, zego *zegotest.Server) {
	zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Code: zegocensor.CodeAppRateLimited, Times: 1}) // tried again by the client
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if i%50 == 25 {
			zego.Inject(zegotest.Fault{Action: "StartCensorAudioV2", Code: zegocensor.CodeModerationFailed, Times: 1})
		}
		zego.OpenRoom(fmt.Sprintf("room_%d", i), "host")
		if i >= 20 {
			zego.CloseRoom(fmt.Sprintf("room_%d", i-20), 2)
		}
		for _, t := range zego.Running() {
			if level := []callback.RiskLevel{callback.Pass, callback.Pass, callback.Review, callback.Reject}[rand.IntN(4)]; rand.IntN(10) == 0 {
				zego.EmitAudioResult(t.ID, callback.AudioResult{Detail: callback.AudioDetail{RiskLevel: level}})
			}
		}
	}
}
