package zegotest_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/callback"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// get calls a GET action with the parameters that text has as a query.
func get(t *testing.T, s *zegotest.Server, action, text string) envelope {
	t.Helper()
	q, err := url.ParseQuery(text)
	require.NoError(t, err)
	ts := s.Now().Unix()
	all := signed(s, action)
	all.Set("Timestamp", strconv.FormatInt(ts, 10))
	all.Set("Signature", zegocensor.Sign(s.AppID(), s.ServerSecret(), all.Get("SignatureNonce"), ts))
	for name, values := range q {
		all[name] = values
	}
	return call(t, s, "GET", all, "")
}

// repeated is a list with n entries as a query.
func repeated(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&%s=%d", name, i)
	}
	return b.String()
}

// TestActions_parameters checks each action's conditions, in the words of its page.
func TestActions_parameters(t *testing.T) {
	long := strings.Repeat("x", 256)
	for action, cases := range map[string]map[string]zegocensor.Code{
		"KickoutUser": {
			"RoomId=r&UserId[]=u":                            0,
			"RoomId=r" + repeated("UserId[]", 5):             0,
			"RoomId=r" + repeated("UserId[]", 6):             50011,
			"RoomId=r":                                       2,
			"RoomId=r&UserId=u":                              2, // brackets are wanted
			"RoomId=r&UserId[]=":                             2,
			"UserId[]=u":                                     2,
			"RoomId=r&RoomId=r&UserId[]=u":                   2,
			"RoomId=r&UserId[]=u&CustomReason=" + long:       0,
			"RoomId=r&UserId[]=u&CustomReason=" + long + "x": 3,
		},
		"CloseRoom": {
			"":                                    2,
			"RoomId=r&RoomCloseCallback=1":        2,
			"RoomId=r&CustomReason=" + long + "x": 3,
			"RoomId=closed":                       5018,
			"RoomId=never":                        5024,
			"RoomId=r&RoomCloseCallback=true":     0,
		},
		"DescribeUserNum": {
			"RoomId[]=r":             0,
			repeated("RoomId[]", 10): 0,
			repeated("RoomId[]", 11): 2,
			"RoomId=r":               2,
			"":                       2,
		},
		"DescribeUserList": {
			"":                   2,
			"RoomId=r":           0,
			"RoomId=never":       0,
			"RoomId=r&Mode=1":    0,
			"RoomId=r&Mode=2":    2,
			"RoomId=r&Limit=200": 0,
			"RoomId=r&Limit=201": 2,
			"RoomId=r&Marker=x":  2,
		},
		"DescribeSimpleStreamList": {"": 2, "RoomId=r": 0, "RoomId=never": 0},
		"SendCustomCommand": {
			"RoomId=r&FromUserId=f&MessageContent=m":                                           0,
			"RoomId=r&FromUserId=f":                                                            2,
			"RoomId=r&MessageContent=m":                                                        2,
			"RoomId=r&FromUserId=f&MessageContent=" + strings.Repeat("x", 1024):                0,
			"RoomId=r&FromUserId=f&MessageContent=" + strings.Repeat("x", 1025):                50012,
			"RoomId=r&FromUserId=f&MessageContent=m&ToUserId[]=u":                              0,
			"RoomId=r&FromUserId=f&MessageContent=m&ToUserId[]=nobody":                         50003,
			"RoomId=r&FromUserId=f&MessageContent=m&ToUserId[]=u" + repeated("ToUserId[]", 9):  0,
			"RoomId=r&FromUserId=f&MessageContent=m&ToUserId[]=u" + repeated("ToUserId[]", 10): 50011,
		},
		"AddStream": {
			"RoomId=r&UserId=x&StreamId=s":                                         0,
			"RoomId=r&UserId=x&StreamId=s&CensorFlag=2":                            2,
			"RoomId=r&UserId=x":                                                    2,
			"RoomId=r&StreamId=s":                                                  2,
			"RoomId=never&UserId=x&StreamId=s":                                     104,
			"RoomId=r&UserId=x&StreamId=" + long + "x":                             3,
			"RoomId=r&UserId=x&StreamId=mic":                                       1012,
			"RoomId=r&UserId=u&StreamId=mic":                                       0,
			"RoomId=r&UserId=x&StreamId=s&ExtraInfo=" + strings.Repeat("x", 1025):  3,
			"RoomId=r&UserId=x&StreamId=s&StreamTitle=" + strings.Repeat("x", 128): 3,
		},
		"DeleteStream": {
			"RoomId=r&UserId=u&StreamId=nothing": 138,
			"RoomId=r&UserId=x&StreamId=mic":     138,
			"RoomId=never&UserId=u&StreamId=mic": 138,
			"RoomId=r&StreamId=mic":              2,
			"RoomId=r&UserId=u&StreamId=mic":     0,
		},
		"SetForbidStreamRule": {
			"RoomId=r&StreamId=s&DisableAudio=1":                     0,
			"RoomId=r&StreamId=s&DisableVideo=1":                     0,
			"RoomId=r&StreamId=s":                                    2,
			"RoomId=r&StreamId=s&DisableAudio=0&DisableVideo=0":      2,
			"RoomId=r&StreamId=s&DisableAudio=2":                     2,
			"RoomId=r&StreamId=s&DisableAudio=true":                  2,
			"StreamId=s&DisableAudio=1":                              2,
			"RoomId=r&DisableAudio=1":                                2,
			"RoomId=r&DisableAudio=1&StreamId=" + long:               0,
			"RoomId=r&DisableAudio=1&StreamId=" + long + "x":         3,
			"RoomId=r&StreamId=s&DisableAudio=1&EffectiveTime=1":     0,
			"RoomId=r&StreamId=s&DisableAudio=1&EffectiveTime=0":     2,
			"RoomId=r&StreamId=s&DisableAudio=1&EffectiveTime=-1":    2,
			"RoomId=r&StreamId=s&DisableAudio=1&EffectiveTime=x":     2,
			"RoomId=r&StreamId=s&DisableAudio=1&EffectiveTime=86401": 0, // becomes 86400
		},
		"DelForbidStreamRule":       {"RoomId=r&StreamId=s": 0, "RoomId=r": 2, "StreamId=s": 2},
		"DescribeForbidStreamRules": {"RoomId=r&StreamId[]=s": 0, "RoomId=r&StreamId=s": 2, "StreamId[]=s": 2, "RoomId=r" + repeated("StreamId[]", 10): 0, "RoomId=r" + repeated("StreamId[]", 11): 2},
		"SetForbidUserRule": {
			"RuleType=1&IP=192.0.2.1&DisabledPrivilege[]=1&EffectiveTime=60":                  0,
			"RuleType=1&IP=somewhere&DisabledPrivilege[]=1&EffectiveTime=60":                  2,
			"RuleType=2&RoomId=r&DisabledPrivilege[]=2&EffectiveTime=86400":                   0,
			"RuleType=3&UserId=u&DisabledPrivilege[]=1&DisabledPrivilege[]=2&EffectiveTime=1": 0,
			"RuleType=4&RoomId=r&UserId=u&DisabledPrivilege[]=1&EffectiveTime=60":             0,
			"RuleType=4&RoomId=r&DisabledPrivilege[]=1&EffectiveTime=60":                      2,
			"RuleType=3&RoomId=r&DisabledPrivilege[]=1&EffectiveTime=60":                      2,
			"RuleType=0&UserId=u&DisabledPrivilege[]=1&EffectiveTime=60":                      2,
			"RuleType=5&UserId=u&DisabledPrivilege[]=1&EffectiveTime=60":                      2,
			"UserId=u&DisabledPrivilege[]=1&EffectiveTime=60":                                 2,
			"RuleType=3&UserId=u&EffectiveTime=60":                                            2,
			"RuleType=3&UserId=u&DisabledPrivilege=1&EffectiveTime=60":                        2,
			"RuleType=3&UserId=u&DisabledPrivilege[]=3&EffectiveTime=60":                      2,
			"RuleType=3&UserId=u&DisabledPrivilege[]=1":                                       2,
			"RuleType=3&UserId=u&DisabledPrivilege[]=1&EffectiveTime=86401":                   2,
			"RuleType=3&UserId=u&DisabledPrivilege[]=1&EffectiveTime=0":                       2,
		},
		"DelForbidUserRule":       {"RuleType=3&UserId=nobody": 50124, "RuleType=3": 2, "UserId=u": 2},
		"DescribeForbidUserRules": {"RuleType=1": 0, "": 2, "RuleType=5": 2},
		"ForbidRTCStream": {
			"StreamId=s&Sequence=1":             0,
			"StreamId=s":                        2,
			"StreamId=s&Sequence=x":             2,
			"Sequence=1":                        30009,
			"StreamId=&Sequence=1":              30009,
			"StreamId=" + long + "x&Sequence=1": 30009,
			"StreamId=s&Sequence=1&IsTest=true": 30009,
			"StreamId=zegotest-1234567890-s&Sequence=1&IsTest=true": 0,
		},
		"ForbidRTCStreams": {
			"Sequence=1&StreamId[]=s":                          0,
			"Sequence=1" + repeated("StreamId[]", 20):          0,
			"Sequence=1" + repeated("StreamId[]", 21):          30006,
			"Sequence=1&StreamId=s":                            30006,
			"StreamId[]=s":                                     2,
			"Sequence=1&StreamId[]=s&StreamId[]=&IsTest=false": 30006,
		},
		"ResumeRTCStream":  {"StreamId=s&Sequence=1": 0, "Sequence=1": 30009},
		"ResumeRTCStreams": {"Sequence=1&StreamId[]=s": 0, "Sequence=1": 30006},
	} {
		for query, code := range cases {
			t.Run(action+"?"+query[:min(len(query), 60)], func(t *testing.T) {
				s := newServer(t)
				s.OpenRoom("closed", "u")
				s.CloseRoom("closed", 0)
				s.OpenRoom("r", "u")
				s.OpenStream("r", "mic", "u")
				e := get(t, s, action, query)
				assert.Equal(t, code, e.Code, e.Message)
			})
		}
	}
}

func TestActions_missingRoom(t *testing.T) {
	s := newServer(t, zegotest.WithMissingRoomRefused())
	for action, query := range map[string]string{
		"KickoutUser":              "RoomId=never&UserId[]=u",
		"DescribeSimpleStreamList": "RoomId=never",
		"SendCustomCommand":        "RoomId=never&FromUserId=f&MessageContent=m",
	} {
		assert.EqualValues(t, 104, get(t, s, action, query).Code, action)
	}
}

func TestActions_KickoutUser(t *testing.T) {
	s := newServer(t, zegotest.WithUserEvents(), zegotest.WithClock(still))
	r := receive(t, s)
	s.OpenRoom("r", "u1")
	s.OpenStream("r", "s1", "u1")
	s.OpenStream("r", "s2", "u2")
	s.OpenStream("r", "s3", "u2")
	s.Advance(0)
	before := len(r.handled())
	require.EqualValues(t, 0, get(t, s, "KickoutUser", "RoomId=r&UserId[]=u2&UserId[]=nobody").Code)
	s.Advance(0)
	assert.ElementsMatch(t, []string{"stream_close s2 3", "stream_close s3 3", "room_logout u2 3"}, named(r.handled()[before:]))
	require.EqualValues(t, 0, get(t, s, "KickoutUser", "RoomId=r&UserId[]=u2").Code, "who is not there is no error")
	assert.Len(t, s.Rooms()[0].Users, 1)
	s.OpenStream("r", "s2", "u2") // may come back
	s.Advance(0)
	before = len(r.handled())
	require.EqualValues(t, 0, get(t, s, "KickoutUser", "RoomId=r&UserId[]=u1&UserId[]=u2").Code)
	s.Advance(0)
	assert.ElementsMatch(t, []string{"stream_close s1 3", "room_logout u1 3", "stream_close s2 3", "room_logout u2 3", "room_close 3"}, named(r.handled()[before:]))
	assert.False(t, s.Rooms()[0].Live())
}

func TestActions_CloseRoom(t *testing.T) {
	for _, tell := range []bool{false, true} {
		t.Run(fmt.Sprintf("RoomCloseCallback %v", tell), func(t *testing.T) {
			s := newServer(t, zegotest.WithUserEvents(), zegotest.WithClock(still))
			r := receive(t, s)
			s.OpenRoom("r", "u1")
			s.OpenStream("r", "s1", "u1")
			s.Advance(0)
			before := len(r.handled())
			require.EqualValues(t, 0, get(t, s, "CloseRoom", fmt.Sprintf("RoomId=r&RoomCloseCallback=%v", tell)).Code)
			s.Advance(0)
			want := []string{"stream_close s1 5", "room_logout u1 3"}
			if tell {
				want = append(want, "room_close 0")
			}
			assert.ElementsMatch(t, want, named(r.handled()[before:]))
			assert.False(t, s.Rooms()[0].Live())
		})
	}
}

func TestActions_DescribeUserNum(t *testing.T) {
	s := newServer(t)
	s.OpenRoom("room_1", "u")
	s.OpenStream("room_1", "s", "u")
	s.LoginRoom("room_1", "listener")
	s.LoginRoom("room_1", "recorder", func(u *zegotest.User) { u.Role = callback.RoleAdmin })
	startAudio(t, s, nil)
	assert.Equal(t, []any{map[string]any{"RoomId": "room_1", "UserCount": 4.0, "AdminUserCount": 2.0}, map[string]any{"RoomId": "nobody", "UserCount": 0.0, "AdminUserCount": 0.0}},
		get(t, s, "DescribeUserNum", "RoomId[]=room_1&RoomId[]=nobody").Data["UserCountList"], "the moderator and the recorder count")
}

func TestActions_DescribeUserList(t *testing.T) {
	s := newServer(t, zegotest.WithRateLimit(0))
	s.OpenRoom("r", "0")
	for i := 1; i < 250; i++ {
		s.LoginRoom("r", strconv.Itoa(i))
	}
	ids := func(e envelope) (ids []string) {
		for _, u := range e.Data["UserList"].([]any) {
			ids = append(ids, u.(map[string]any)["UserId"].(string))
		}
		return ids
	}
	page := get(t, s, "DescribeUserList", "RoomId=r")
	assert.Len(t, ids(page), 200)
	assert.Equal(t, "0", ids(page)[0])
	rest := get(t, s, "DescribeUserList", "RoomId=r&Marker="+url.QueryEscape(page.Data["Marker"].(string)))
	assert.Len(t, ids(rest), 50)
	assert.Equal(t, "200", ids(rest)[0])
	assert.Equal(t, "", rest.Data["Marker"])
	assert.Equal(t, []string{"249", "248"}, ids(get(t, s, "DescribeUserList", "RoomId=r&Mode=1&Limit=2")))
	assert.Empty(t, ids(get(t, s, "DescribeUserList", "RoomId=nobody")))
}

func TestActions_AddStream(t *testing.T) {
	s := newServer(t, zegotest.WithClock(still))
	r := receive(t, s)
	s.OpenRoom("room_1", "u")
	task := startAudio(t, s, nil)
	require.EqualValues(t, 0, get(t, s, "AddStream", "RoomId=room_1&UserId=server&StreamId=pk&CensorFlag=1&StreamTitle=PK").Code)
	s.Advance(0)
	require.ElementsMatch(t, []string{"room_create", "stream_create"}, named(r.handled()))
	for _, e := range r.handled() {
		if e, ok := e.(*callback.StreamCreated); ok {
			assert.Equal(t, "PK", e.Title)
		}
	}
	assert.Len(t, s.Rooms()[0].Users, 1, "the server does not log in")
	err := s.EmitAudioResult(task, callback.AudioResult{AuxInfo: callback.AudioAuxInfo{UserID: "server"}}).Wait(t.Context())
	require.ErrorIs(t, err, zegotest.ErrWithheld, "CensorFlag 1")
	require.EqualValues(t, 0, get(t, s, "DeleteStream", "RoomId=room_1&UserId=server&StreamId=pk").Code)
	s.Advance(0)
	assert.Equal(t, "stream_close pk 100", named(r.handled())[2])
}

func TestActions_SendCustomCommand(t *testing.T) {
	s := newServer(t)
	s.OpenRoom("r", "u")
	e := get(t, s, "SendCustomCommand", "RoomId=r&FromUserId=f&MessageContent=m&ToUserId[]=u&ToUserId[]=gone")
	require.EqualValues(t, 0, e.Code)
	assert.Equal(t, []any{map[string]any{"Uid": "gone", "Code": 50003.0}}, e.Data["FailUsers"])
}

func TestActions_SetForbidStreamRule(t *testing.T) {
	s := newServer(t, zegotest.WithClock(still))
	for _, q := range []string{"DisableAudio=1", "DisableVideo=1&EffectiveTime=100000"} { // the last counts
		require.EqualValues(t, 0, get(t, s, "SetForbidStreamRule", "RoomId=r&StreamId=s&"+q).Code)
	}
	require.EqualValues(t, 0, get(t, s, "SetForbidStreamRule", "RoomId=r&StreamId=s2&DisableAudio=1").Code)
	describe := func() any {
		return get(t, s, "DescribeForbidStreamRules", "RoomId=r&StreamId[]=s&StreamId[]=s2&StreamId[]=s3").Data["ForbidStreamRuleList"]
	}
	at := float64(still().Unix())
	none := map[string]any{"StreamId": "s3", "DisableAudio": 0.0, "DisableVideo": 0.0, "CreateTime": 0.0, "EffectiveTime": 0.0}
	second := map[string]any{"StreamId": "s2", "DisableAudio": 1.0, "DisableVideo": 0.0, "CreateTime": at, "EffectiveTime": 21600.0}
	assert.Equal(t, []any{map[string]any{"StreamId": "s", "DisableAudio": 0.0, "DisableVideo": 1.0, "CreateTime": at, "EffectiveTime": 86400.0}, second, none}, describe())
	for range 2 { // deleting none is no error
		require.EqualValues(t, 0, get(t, s, "DelForbidStreamRule", "RoomId=r&StreamId=s").Code)
	}
	gone := map[string]any{"StreamId": "s", "DisableAudio": 0.0, "DisableVideo": 0.0, "CreateTime": 0.0, "EffectiveTime": 0.0}
	assert.Equal(t, []any{gone, second, none}, describe())
}

func TestActions_SetForbidUserRule(t *testing.T) {
	s := newServer(t, zegotest.WithClock(still), zegotest.WithRateLimit(0))
	set := func(query string) envelope {
		return get(t, s, "SetForbidUserRule", query+"&DisabledPrivilege[]=1&EffectiveTime=60")
	}
	expires := float64(still().Unix() + 60)
	for i := range 100 {
		require.Equal(t, map[string]any{"ExpireTime": expires}, set(fmt.Sprintf("RuleType=1&IP=192.0.2.%d", i)).Data)
	}
	assert.EqualValues(t, 50123, set("RuleType=1&IP=192.0.2.100").Code)
	assert.EqualValues(t, 0, set("RuleType=1&IP=192.0.2.1").Code, "the same rule again is none more")
	for i := range 200 {
		require.EqualValues(t, 0, set(fmt.Sprintf("RuleType=3&UserId=%d", i)).Code)
	}
	assert.EqualValues(t, 50123, set("RuleType=3&UserId=200").Code)
	assert.EqualValues(t, 0, set("RuleType=4&RoomId=r&UserId=200").Code, "each type has a bound of its own")
	assert.EqualValues(t, 0, get(t, s, "DelForbidUserRule", "RuleType=3&UserId=7").Code)
	assert.EqualValues(t, 50124, get(t, s, "DelForbidUserRule", "RuleType=3&UserId=7").Code)
	assert.EqualValues(t, 0, set("RuleType=3&UserId=200").Code)
	assert.Equal(t, []any{map[string]any{"RuleType": 4.0, "IP": "", "RoomId": "r", "UserId": "200", "DisabledPrivilegeList": []any{1.0}, "ExpireTime": expires}},
		get(t, s, "DescribeForbidUserRules", "RuleType=4").Data["RuleList"])
	s.Advance(time.Minute)
	assert.EqualValues(t, 0, set("RuleType=3&UserId=201").Code, "rules that have expired do not count")
	assert.Len(t, get(t, s, "DescribeForbidUserRules", "RuleType=3").Data["RuleList"], 201, "and are described still")
}

func TestWithForbidRulesDisabled(t *testing.T) {
	s := newServer(t, zegotest.WithForbidRulesDisabled())
	for _, action := range []string{"SetForbidStreamRule", "DelForbidStreamRule", "DescribeForbidStreamRules", "SetForbidUserRule", "DelForbidUserRule", "DescribeForbidUserRules"} {
		assert.EqualValues(t, 9, get(t, s, action, "").Code, action)
	}
}

func TestServer_ForbiddenStreams(t *testing.T) {
	s := newServer(t, zegotest.WithClock(still))
	do := func(action, query string) zegocensor.Code { return get(t, s, action, query).Code }
	require.EqualValues(t, 0, do("ForbidRTCStreams", "Sequence=10&StreamId[]=b&StreamId[]=a"))
	require.EqualValues(t, 0, do("ForbidRTCStream", "Sequence=5&StreamId=c"))
	assert.Equal(t, []string{"a", "b", "c"}, s.ForbiddenStreams())
	assert.EqualValues(t, 2, do("ResumeRTCStream", "Sequence=10&StreamId=a"), "must rise")
	assert.EqualValues(t, 2, do("ResumeRTCStreams", "Sequence=9&StreamId[]=c&StreamId[]=a"), "for each of them")
	assert.EqualValues(t, 0, do("ResumeRTCStream", "Sequence=11&StreamId=a"))
	assert.Equal(t, []string{"b", "c"}, s.ForbiddenStreams())
	s.Advance(10 * time.Second)
	assert.EqualValues(t, 0, do("ResumeRTCStreams", "Sequence=1&StreamId[]=b&StreamId[]=c"), "within 10 s alone")
	assert.Empty(t, s.ForbiddenStreams())
}

// TestDocumentedRates calls each action more often than its page allows.
func TestDocumentedRates(t *testing.T) {
	for action, tt := range map[string]struct {
		query      string
		production int
		test       int
		code       zegocensor.Code
	}{
		"CloseRoom":        {"RoomId=r", 1, 1, 206},
		"DescribeUserNum":  {"RoomId[]=r", 10, 1, 206},
		"AddStream":        {"RoomId=r&UserId=u&StreamId=s", 10, 1, 206},
		"KickoutUser":      {"RoomId=r&UserId[]=u", 50, 50, 206},
		"ForbidRTCStream":  {"StreamId=s&Sequence=1", 20, 5, 30002},
		"ForbidRTCStreams": {"StreamId[]=s&Sequence=1", 20, 5, 30002},
		"ResumeRTCStream":  {"StreamId=s&Sequence=1", 20, 5, 30002},
		"ResumeRTCStreams": {"StreamId[]=s&Sequence=1", 20, 5, 30002},
	} {
		for test, rate := range map[bool]int{false: tt.production, true: tt.test} {
			t.Run(fmt.Sprintf("%s, IsTest=%v", action, test), func(t *testing.T) {
				s := newServer(t, zegotest.WithClock(still))
				query := fmt.Sprintf("%s&IsTest=%v", tt.query, test)
				for range rate {
					assert.NotEqual(t, tt.code, get(t, s, action, query).Code)
				}
				assert.Equal(t, tt.code, get(t, s, action, query).Code)
				s.Advance(time.Second)
				assert.NotEqual(t, tt.code, get(t, s, action, query).Code)
			})
		}
	}
	t.Run("for each room", func(t *testing.T) {
		for action, interval := range map[string]time.Duration{"DescribeSimpleStreamList": 10 * time.Second, "DescribeUserList": time.Second} {
			s := newServer(t, zegotest.WithClock(still))
			for _, code := range []zegocensor.Code{0, 207} {
				assert.Equal(t, code, get(t, s, action, "RoomId=r").Code, action)
			}
			assert.EqualValues(t, 0, get(t, s, action, "RoomId=another").Code, action)
			s.Advance(interval - time.Millisecond)
			assert.EqualValues(t, 207, get(t, s, action, "RoomId=r").Code, action)
			s.Advance(time.Millisecond)
			assert.EqualValues(t, 0, get(t, s, action, "RoomId=r").Code, action)
		}
	})
	t.Run("WithRateLimit is for all actions", func(t *testing.T) {
		s := newServer(t, zegotest.WithClock(still), zegotest.WithRateLimit(2))
		for _, action := range []string{"CloseRoom", "DescribeSimpleStreamList", "KickoutUser"} {
			query := "RoomId=r&UserId[]=u"
			for range 2 {
				assert.NotContains(t, []zegocensor.Code{206, 207}, get(t, s, action, query).Code)
			}
			assert.EqualValues(t, 206, get(t, s, action, query).Code)
		}
		for _, code := range []zegocensor.Code{0, 2, 30002} {
			assert.Equal(t, code, get(t, s, "ForbidRTCStream", "StreamId=s&Sequence=1").Code)
		}
	})
}
