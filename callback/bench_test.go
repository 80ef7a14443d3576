package callback_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zegocensor/zegocensor-go/callback"
)

// The benchmarks compare Parse with verifying and decoding the same audio result
// of 2.2 KB by hand with encoding/json.

func benchmarkBody() []byte {
	p := payloads["censor_audio_v2_result"]
	p = strings.Replace(p, `"hello"`, `"`+strings.Repeat("what was said ", 80)+`"`, 1)
	return []byte(sign(p))
}

// alwaysNew is a store that remembers nothing, as the floor does.
type alwaysNew struct{}

func (alwaysNew) Reserve(context.Context, callback.Reservation) (callback.NonceState, error) {
	return callback.NonceReserved, nil
}
func (alwaysNew) Commit(context.Context, callback.Reservation) error  { return nil }
func (alwaysNew) Release(context.Context, callback.Reservation) error { return nil }

func BenchmarkParse(b *testing.B) {
	body := benchmarkBody()
	b.Run("impl=package", func(b *testing.B) {
		v, err := callback.NewVerifier(secret, callback.WithClock(clock), callback.WithNonceStore(alwaysNew{}))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Parse(b.Context(), isJSON, body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("impl=by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := parseByHand(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkReceive is a whole request: its body read, verified, remembered,
// decoded and handled.
func BenchmarkReceive(b *testing.B) {
	body := benchmarkBody()
	receive := func(b *testing.B, h http.Handler) {
		b.ReportAllocs()
		for b.Loop() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", "/", bytes.NewReader(body)))
			if w.Code != 200 {
				b.Fatal(w.Code)
			}
		}
	}
	b.Run("impl=package", func(b *testing.B) {
		h, err := callback.NewHandler(secret, func(context.Context, callback.Event) error { return nil }, callback.WithClock(clock), callback.WithNonceStore(alwaysNew{}))
		if err != nil {
			b.Fatal(err)
		}
		receive(b, h)
	})
	b.Run("impl=by hand", func(b *testing.B) {
		receive(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || parseByHand(body) != nil {
				w.WriteHeader(http.StatusForbidden)
			}
		}))
	})
}

func parseByHand(body []byte) error {
	var e struct {
		Event        string
		AppID        uint32 `json:"AppId"`
		Timestamp    int64
		Nonce        string
		Signature    string
		Code         int
		Message      string
		TaskID       string `json:"TaskId"`
		ResultTaskID string `json:"ResultTaskId"`
		Detail       struct {
			RiskLevel, AudioText, AudioURL, PreAudioURL, RiskDescription, RiskLabel1, RiskLabel2, RiskLabel3 string
			VadStatus                                                                                        int
			RiskDetail                                                                                       handRisk
			RiskInfoList                                                                                     []struct {
				RiskLevel, RiskDescription, RiskLabel1, RiskLabel2, RiskLabel3 string
				RiskDetail                                                     handRisk
			}
			BusinessInfoList []struct {
				BusinessDescription, BusinessLabel1, BusinessLabel2, BusinessLabe3 string
				ConfidenceLevel                                                    int
				Probability                                                        float64
			}
		}
		AuxInfo struct {
			RoomID                              string `json:"RoomId"`
			ProcessBeginTime, ProcessFinishTime int64
			UserID                              string `json:"UserId"`
		}
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	parts := []string{secret, strconv.FormatInt(e.Timestamp, 10), e.Nonce}
	slices.SortFunc(parts, cmp.Compare)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	if hex.EncodeToString(sum[:]) != e.Signature {
		return errors.New("signature")
	}
	return nil
}

type handRisk struct {
	RiskSource   int
	AudioText    string
	MatchedLists []struct{ Name string }
}
