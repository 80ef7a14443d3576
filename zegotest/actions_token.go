package zegotest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/zegocensor/zegocensor-go"
)

// token is an IdentifyToken that was issued.
type token struct {
	expires time.Time
	used    bool
}

// Why [Server.RedeemToken] refuses.
var (
	ErrTokenUnknown = errors.New("zegotest: unknown IdentifyToken")
	ErrTokenExpired = errors.New("zegotest: expired IdentifyToken")
	ErrTokenUsed    = errors.New("zegotest: used IdentifyToken")
)

// RedeemToken does what a third party does with an IdentifyToken when it begins
// to moderate. It returns nil once for each token.
func (s *Server) RedeemToken(identifyToken string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[identifyToken]
	switch {
	case t == nil:
		return ErrTokenUnknown
	case t.used:
		return ErrTokenUsed
	case !s.Now().Before(t.expires):
		return ErrTokenExpired
	}
	t.used = true
	return nil
}

func (s *Server) issueToken(now time.Time, r Request) (any, zegocensor.Code, string) {
	const standard, most = 3600, 30 * 24 * 3600
	p := read(r)
	valid := p.number("EffectiveTime", standard, 1, most)
	if !p.ok() {
		return p.refuse()
	}
	id := strings.ToUpper(randomHex(16))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[id] = &token{expires: now.Add(time.Duration(valid) * time.Second)}
	s.tokenIDs = append(s.tokenIDs, id)
	if s.history > 0 && len(s.tokenIDs) > s.history {
		delete(s.tokens, s.tokenIDs[0])
		s.tokenIDs = s.tokenIDs[1:]
	}
	return struct {
		IdentifyToken string
		RemainTime    int64
	}{id, valid}, zegocensor.CodeOK, ""
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
