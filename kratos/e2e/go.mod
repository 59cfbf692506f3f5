module github.com/olympusoss/oly-passkey/kratos/e2e

go 1.26.0

require (
	github.com/chromedp/chromedp v0.23.0
	github.com/olympusoss/oly-passkey v0.0.0
	github.com/stretchr/testify v1.12.1
)

replace github.com/olympusoss/oly-passkey => ../..
