package receive

import (
	"context"
	"time"
)

// Reservation is callback.Reservation.
type Reservation struct {
	Key         string // "" = nothing to remember
	Fingerprint string
	Owner       string
	Hold        time.Duration
	TTL         time.Duration
	Essential   bool
}

// NonceState is callback.NonceState.
type NonceState int

// The states of a key in a NonceStore.
const (
	NonceReserved NonceState = iota
	NonceInProgress
	NonceDone
	NonceConflict
)

// NonceStore is callback.NonceStore.
type NonceStore interface {
	Reserve(ctx context.Context, r Reservation) (NonceState, error)
	Commit(ctx context.Context, r Reservation) error
	Release(ctx context.Context, r Reservation) error
}
