// Package account is how the examples find the ZEGO that they talk to.
package account

import (
	"cmp"
	"os"
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
func FromEnv(opts ...zegocensor.Option) (*Account, error) {
	id := os.Getenv("ZEGO_APP_ID")
	if id == "" && os.Getenv("ZEGO_SERVER_SECRET") == "" {
		fake := zegotest.NewServer()
		return &Account{Client: fake.Client(opts...), AppID: fake.AppID(), CallbackSecret: fake.CallbackSecret(), Fake: fake,
			Where: "no ZEGO_APP_ID and ZEGO_SERVER_SECRET: calling a fake ZEGO in this process"}, nil
	}
	client, err := zegocensor.NewClientFromEnv(opts...)
	if err != nil {
		return nil, err
	}
	appID, _ := strconv.ParseUint(id, 10, 32) // NewClientFromEnv has accepted it
	where := "calling ZEGO, region " + cmp.Or(os.Getenv("ZEGO_REGION"), string(zegocensor.RegionGlobal))
	if address := os.Getenv("ZEGO_BASE_URL"); address != "" {
		where = "calling " + address
	}
	return &Account{Client: client, AppID: uint32(appID), CallbackSecret: os.Getenv("ZEGO_CALLBACK_SECRET"), Where: where}, nil
}

// Close ends the fake, where there is one.
func (a *Account) Close() {
	if a.Fake != nil {
		a.Fake.Close()
	}
}
