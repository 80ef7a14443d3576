// Package account is how the examples find the ZEGO that they talk to.
package account

import (
	"errors"
	"strconv"

	"github.com/zegocensor/zegocensor-go"
	"github.com/zegocensor/zegocensor-go/zegotest"
)

// Account is a project at ZEGO, or at a fake.
type Account struct {
	Client         *zegocensor.Client
	AppID          uint32
	CallbackSecret string           // "" where the environment has none
	Fake           *zegotest.Server // nil where ZEGO is called
	Where          string           // in words
}

// Usage explains the environment.
const Usage = `Environment:
  ZEGO_APP_ID, ZEGO_SERVER_SECRET  the project; without them a fake ZEGO in this
                                   process is called
  ZEGO_REGION                      global, sha, hkg, fra, lax, bom or sgp
  ZEGO_BASE_URL                    another address than ZEGO's, such as a fake's
`

// FromEnv takes the account from the environment, or starts a fake.
func FromEnv(getenv func(string) string, opts ...zegocensor.Option) (*Account, error) {
	id, secret := getenv("ZEGO_APP_ID"), getenv("ZEGO_SERVER_SECRET")
	if id == "" && secret == "" {
		fake := zegotest.NewServer()
		return &Account{Client: fake.Client(opts...), AppID: fake.AppID(), CallbackSecret: fake.CallbackSecret(), Fake: fake,
			Where: "no ZEGO_APP_ID and ZEGO_SERVER_SECRET: calling a fake ZEGO in this process"}, nil
	}
	appID, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return nil, errors.New("ZEGO_APP_ID must be the number that ZEGO's console shows")
	}
	if secret == "" {
		return nil, errors.New("ZEGO_SERVER_SECRET must be set in addition to ZEGO_APP_ID")
	}
	region := zegocensor.RegionGlobal
	if r := getenv("ZEGO_REGION"); r != "" {
		region = zegocensor.Region(r)
	}
	a := &Account{AppID: uint32(appID), CallbackSecret: getenv("ZEGO_CALLBACK_SECRET"), Where: "calling ZEGO, region " + string(region)}
	opts = append(opts, zegocensor.WithRegion(region))
	if address := getenv("ZEGO_BASE_URL"); address != "" {
		a.Where = "calling " + address
		opts = append(opts, zegocensor.WithBaseURL(address))
	}
	a.Client, err = zegocensor.NewClient(a.AppID, secret, opts...)
	return a, err
}

// Close ends the fake, where there is one.
func (a *Account) Close() {
	if a.Fake != nil {
		a.Fake.Close()
	}
}
