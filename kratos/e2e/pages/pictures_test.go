package pages

import (
	"flag"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the pictures of the documentation again: docs/images")

// maxPicture bounds a picture of the documentation, in bytes.
const maxPicture = 150_000

// picture takes the page as it is for the documentation, which shows it by day
// and as wide as a column of text. It is written with -update, and has to be
// there without.
func (p *tab) picture(name string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}},
	})
	p.do(chromedp.EmulateViewport(720, 480))
	yes := true
	shot := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes})
	p.do(chromedp.EmulateViewport(1280, 900))
	file := filepath.Join(root, "docs", "images", name+".png")
	if *update {
		require.NoError(p.t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(p.t, os.WriteFile(file, shot.Data, 0o644))
	}
	have, err := os.Stat(file)
	require.NoError(p.t, err, "run: go test ./pages -update")
	require.Less(p.t, have.Size(), int64(maxPicture), name)
}
