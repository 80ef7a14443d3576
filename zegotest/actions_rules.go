package zegotest

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// rules are what SetForbidStreamRule and SetForbidUserRule have set. Rules that
// have expired stay, as ZEGO lists them for some time.
type rules struct {
	streams []streamRule
	users   []userRule
}

// longestRule is how long a rule lasts at most, in seconds.
const longestRule = 24 * 60 * 60

// streamRule is the form in which DescribeForbidStreamRules answers.
type streamRule struct {
	room string

	StreamID      string `json:"StreamId"`
	DisableAudio  int
	DisableVideo  int
	CreateTime    int64
	EffectiveTime int64
}

// userRule is the form in which DescribeForbidUserRules answers.
type userRule struct {
	userRuleKey
	DisabledPrivilegeList []int64
	ExpireTime            int64
}

// userRuleKey is whom a rule is for: two rules for the same replace one another.
type userRuleKey struct {
	RuleType int
	IP       string
	RoomID   string `json:"RoomId"`
	UserID   string `json:"UserId"`
}

// enabled answers with the code for a service that ZEGO's support must enable, if
// the project does not have it.
func (s *Server) enabled(do func(time.Time, Request) (any, zegocensor.Code, string)) func(time.Time, Request) (any, zegocensor.Code, string) {
	return func(now time.Time, r Request) (any, zegocensor.Code, string) {
		if s.guesses.rulesDisabled {
			return nil, zegocensor.CodePermissionDenied, ""
		}
		return do(now, r)
	}
}

func (s *Server) setForbidStreamRule(now time.Time, r Request) (any, zegocensor.Code, string) {
	const standard = 21600
	p := read(r)
	rule := streamRule{
		room:          p.required("RoomId", maxIdentifier),
		StreamID:      p.required("StreamId", maxStreamID),
		DisableAudio:  p.bit("DisableAudio"),
		DisableVideo:  p.bit("DisableVideo"),
		CreateTime:    now.Unix(),
		EffectiveTime: p.number("EffectiveTime", standard, 1, 1<<62),
	}
	rule.EffectiveTime = min(rule.EffectiveTime, longestRule)
	if rule.DisableAudio+rule.DisableVideo == 0 {
		p.wrong(zegocensor.CodeInvalidParameter, "neither DisableAudio nor DisableVideo is 1")
	}
	if !p.ok() {
		return p.refuse()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules.deleteStream(rule.room, rule.StreamID)
	s.rules.streams = append(s.rules.streams, rule)
	return nil, zegocensor.CodeOK, ""
}

func (s *Server) delForbidStreamRule(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	room, stream := p.required("RoomId", maxIdentifier), p.required("StreamId", maxStreamID)
	if !p.ok() {
		return p.refuse()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules.deleteStream(room, stream)
	return nil, zegocensor.CodeOK, ""
}

func (r *rules) deleteStream(room, stream string) {
	r.streams = slices.DeleteFunc(r.streams, func(v streamRule) bool { return v.room == room && v.StreamID == stream })
}

func (s *Server) describeForbidStreamRules(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	room := p.required("RoomId", maxIdentifier)
	streams := p.list("StreamId[]", 10, zegocensor.CodeInvalidParameter)
	if !p.ok() {
		return p.refuse()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := make([]streamRule, len(streams))
	for i, id := range streams {
		found[i].StreamID = id
		for _, rule := range s.rules.streams {
			if rule.room == room && rule.StreamID == id {
				found[i] = rule
			}
		}
	}
	return struct {
		RoomID               string `json:"RoomId"`
		ForbidStreamRuleList []streamRule
	}{room, found}, zegocensor.CodeOK, ""
}

// key reads whom a rule is for. Parameters that its type does not want are ignored.
func (p *parameters) key() userRuleKey {
	k := userRuleKey{RuleType: int(p.number("RuleType", 0, 1, 4))}
	switch k.RuleType {
	case 1:
		if k.IP = p.required("IP", maxIdentifier); net.ParseIP(k.IP) == nil {
			p.wrong(zegocensor.CodeInvalidParameter, "IP")
		}
	case 2:
		k.RoomID = p.required("RoomId", maxIdentifier)
	case 3:
		k.UserID = p.required("UserId", maxIdentifier)
	case 4:
		k.RoomID, k.UserID = p.required("RoomId", maxIdentifier), p.required("UserId", maxIdentifier)
	}
	return k
}

func (s *Server) setForbidUserRule(now time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	rule := userRule{userRuleKey: p.key()}
	for _, text := range p.list("DisabledPrivilege[]", 2, zegocensor.CodeInvalidParameter) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 || n > 2 {
			p.wrong(zegocensor.CodeInvalidParameter, "DisabledPrivilege[]")
		}
		rule.DisabledPrivilegeList = append(rule.DisabledPrivilegeList, n)
	}
	rule.ExpireTime = now.Unix() + p.number("EffectiveTime", 0, 1, longestRule)
	if !p.ok() {
		return p.refuse()
	}
	most := 200
	if rule.RuleType == 1 {
		most = 100
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	valid := 0
	for _, v := range s.rules.users {
		if v.RuleType == rule.RuleType && v.ExpireTime > now.Unix() && v.userRuleKey != rule.userRuleKey {
			valid++
		}
	}
	if valid >= most {
		return nil, zegocensor.CodeTooManyRules, ""
	}
	s.rules.deleteUser(rule.userRuleKey)
	s.rules.users = append(s.rules.users, rule)
	return struct{ ExpireTime int64 }{rule.ExpireTime}, zegocensor.CodeOK, ""
}

func (s *Server) delForbidUserRule(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	key := p.key()
	if !p.ok() {
		return p.refuse()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.rules.deleteUser(key) {
		return nil, zegocensor.CodeRuleNotFound, ""
	}
	return nil, zegocensor.CodeOK, ""
}

func (r *rules) deleteUser(key userRuleKey) bool {
	before := len(r.users)
	r.users = slices.DeleteFunc(r.users, func(v userRule) bool { return v.userRuleKey == key })
	return len(r.users) < before
}

func (s *Server) describeForbidUserRules(_ time.Time, r Request) (any, zegocensor.Code, string) {
	p := read(r)
	kind := int(p.number("RuleType", 0, 1, 4))
	if !p.ok() {
		return p.refuse()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := []userRule{}
	for _, rule := range s.rules.users {
		if rule.RuleType == kind {
			found = append(found, rule)
		}
	}
	return struct{ RuleList []userRule }{found}, zegocensor.CodeOK, ""
}
