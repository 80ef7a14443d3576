module github.com/zegocensor/zegocensor-go/trtc

go 1.26.0

require (
	github.com/stretchr/testify v1.12.1
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.103
	github.com/tencentyun/tls-sig-api-v2-golang v1.4.0
	github.com/zegocensor/zegocensor-go v0.1.0
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/zegocensor/zegocensor-go => ..
