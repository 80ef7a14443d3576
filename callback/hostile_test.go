package callback_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go/callback"
)

// TestHugeListsAreCheap has somebody who saw a callback send its signature with a
// megabyte of list.
func TestHugeListsAreCheap(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	head := `{"Event":"censor_audio_v2_result","Timestamp":` + now + `,"Nonce":"1","Signature":"` + callback.Sign(secret, now, "1") + `","Detail":{"RiskInfoList":[`
	for name, tt := range map[string]struct {
		element string
		most    uint64 // bytes
		want    int
	}{
		"numbers": {"0,", 10 << 20, 0},
		"objects": {"{},", 10 << 20, 1000},
	} {
		body := head + strings.Repeat(tt.element, 900_000/len(tt.element)) + strings.TrimSuffix(tt.element, ",") + "]}}"
		var got *callback.AudioResult
		h := newHandler(t, func(_ context.Context, e callback.Event) error { got = e.(*callback.AudioResult); return nil })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		assert.Equal(t, 200, post(h, isJSON, body), name)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, tt.most, name)
		assert.Len(t, got.Detail.RiskInfoList, tt.want, name)
		assert.True(t, json.Valid(got.Raw))
	}
}

// lossy is a store whose first answer is lost on its way.
type lossy struct {
	callback.NonceStore
	lost atomic.Bool
}

func (s *lossy) Reserve(ctx context.Context, r callback.Reservation) (callback.NonceState, error) {
	state, err := s.NonceStore.Reserve(ctx, r)
	if s.lost.CompareAndSwap(false, true) {
		return 0, errors.New("answer lost")
	}
	return state, err
}

// TestALostReservationLapses has ZEGO's last try get through, a minute later.
func TestALostReservationLapses(t *testing.T) {
	clock := at
	store := &lossy{NonceStore: callback.NewMemoryNonceStore(func() time.Time { return clock })}
	handled := 0
	h := newHandler(t, func(context.Context, callback.Event) error { handled++; return nil }, callback.WithNonceStore(store))
	body := encode(result("1", strconv.FormatInt(at.Unix(), 10)))
	forged := result("1", strconv.FormatInt(at.Unix(), 10))
	forged["Code"] = 7
	for _, wait := range []time.Duration{0, 2, 4, 8, 16, 32} {
		clock = clock.Add(wait * time.Second)
		if post(h, isJSON, body) == 200 {
			break
		}
		assert.Equal(t, 403, post(h, isJSON, encode(forged)), "not even while nobody holds it")
	}
	assert.Equal(t, 1, handled)
}

func TestHandleThatEndsItsGoroutine(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	t.Run("is not taken for success", func(t *testing.T) {
		calls := 0
		h := newHandler(t, func(context.Context, callback.Event) error {
			if calls++; calls == 1 {
				runtime.Goexit()
			}
			return nil
		})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			post(h, isJSON, encode(result("1", now)))
		}()
		<-ended
		assert.Equal(t, 200, post(h, isJSON, encode(result("1", now))))
		assert.Equal(t, 2, calls)
	})
	t.Run("does not stop the queue", func(t *testing.T) {
		var calls atomic.Int32
		h := newHandler(t, func(context.Context, callback.Event) error {
			if calls.Add(1) == 1 {
				runtime.Goexit()
			}
			return nil
		}, callback.WithQueue(4, 1))
		for i := range 3 {
			assert.Equal(t, 200, post(h, isJSON, encode(result(strconv.Itoa(i), now))))
		}
		require.NoError(t, h.Shutdown(t.Context()))
		assert.EqualValues(t, 3, calls.Load())
	})
}

// stuck is a store that does not answer when a key is given back.
type stuck struct{ callback.NonceStore }

func (stuck) Release(ctx context.Context, _ callback.Reservation) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestShutdownKeepsItsTime(t *testing.T) {
	gate := make(chan struct{})
	defer close(gate)
	now := strconv.FormatInt(at.Unix(), 10)
	h := newHandler(t, func(context.Context, callback.Event) error { <-gate; return nil }, callback.WithQueue(5, 1),
		callback.WithNonceStore(stuck{callback.NewMemoryNonceStore(nil)}))
	for i := range 4 {
		post(h, isJSON, encode(result(strconv.Itoa(i), now)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.Error(t, h.Shutdown(ctx))
	assert.Less(t, time.Since(began), 3*time.Second)
}

// TestNumbersOutOfForm has what cannot be read be left empty, but for a Code,
// which is then not success.
func TestNumbersOutOfForm(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	for code, want := range map[string]int32{`0`: 0, `"0"`: 0, `null`: 0, `50009.0`: 50009, `"50009"`: 50009, `4294967296`: -1, `"x"`: -1, `true`: -1, `{}`: -1, `1e99`: -1} {
		r := result("1", now)
		r["Code"] = json.RawMessage(code)
		r["Detail"] = json.RawMessage(`{"BusinessInfoList":[{"Probability":"NaN","ConfidenceLevel":1e999},{"Probability":1e999}]}`)
		r["AuxInfo"] = json.RawMessage(`{"ProcessBeginTime":99999999999999999999,"ProcessFinishTime":999999999999999999}`)
		v, err := callback.NewVerifier(secret, callback.WithClock(func() time.Time { return at }))
		require.NoError(t, err)
		e, err := v.Parse(t.Context(), isJSON, []byte(encode(r)))
		require.NoError(t, err)
		audio := e.(*callback.AudioResult)
		assert.Equal(t, want, audio.Code, code)
		assert.Zero(t, audio.Detail.BusinessInfoList[0].Probability)
		assert.True(t, audio.AuxInfo.ProcessBeginTime.IsZero())
		_, err = json.Marshal(e)
		assert.NoError(t, err)
	}
}

// TestHandler_status has a status that cannot be read not be taken for the end of a task.
func TestHandler_status(t *testing.T) {
	for _, event := range []string{"censor_audio_v2_status", "censor_video_v2_audio_status", "censor_video_v2_img_status"} {
		for member, want := range map[string]int{`"Status":0`: 0, `"Status":"0"`: 0, `"Status":"2"`: 2, `"Status":""`: -1, `"Status":"running"`: -1, `"Status":null`: -1, `"Status":{}`: -1, `"status":0`: -1} {
			e, err := newVerifier(t).Parse(t.Context(), isJSON, []byte(sign(`{"Event":"`+event+`",%s,`+member+`}`)))
			require.NoError(t, err)
			got := 7
			switch e := e.(type) {
			case *callback.AudioStatus:
				got = e.Status
			case *callback.VideoAudioStatus:
				got = e.Status
			case *callback.VideoImageStatus:
				got = e.Status
			}
			assert.Equal(t, want, got, "%s, %s", event, member)
		}
	}
}

func TestToleranceIsBounded(t *testing.T) {
	_, err := callback.NewHandler(secret, func(context.Context, callback.Event) error { return nil }, callback.WithTolerance(math.MaxInt64))
	assert.ErrorContains(t, err, "24 hours")
}

// TestFormsKeepTheirText has users whose names are JSON.
func TestFormsKeepTheirText(t *testing.T) {
	now := strconv.FormatInt(at.Unix(), 10)
	var got callback.Event
	h := newHandler(t, func(_ context.Context, e callback.Event) error { got = e; return nil })
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader("event=stream_create&timestamp="+now+"&nonce=1&signature="+callback.Sign(secret, now, "1")+"&room_id=[1]&user_name={}"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	assert.Equal(t, "[1]", got.(*callback.StreamCreated).RoomID)
	assert.Equal(t, "{}", got.(*callback.StreamCreated).UserName)
}
