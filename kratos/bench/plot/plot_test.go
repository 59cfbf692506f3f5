package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/bench/plot"
)

func TestSVG(t *testing.T) {
	c := plot.Chart{
		Title: `a < "b" & c`, X: "x", Y: "ms", LogY: true,
		XTicks: []plot.Tick{{At: 0, Name: "none"}, {At: 10, Name: "all"}},
		YTicks: []plot.Tick{{At: 1, Name: "1"}, {At: 10, Name: "10"}, {At: 100, Name: "100"}},
		Lines: []plot.Line{
			{Name: "one", Points: []plot.Point{{X: 0, Y: 1}, {X: 5, Y: 10}, {X: 10, Y: 100}}},
			{Name: "far", Points: []plot.Point{{X: -5, Y: 0.1}, {X: 50, Y: 1e6}}},
		},
	}
	svg, err := c.SVG()
	require.NoError(t, err)
	require.Contains(t, string(svg), `<text x="70" y="22" font-size="15" font-weight="600">a &lt; &#34;b&#34; &amp; c</text>`)
	require.Contains(t, string(svg), `<polyline class="line c0" points="70,330 315,187 560,44 "/>`)
	require.Contains(t, string(svg), `<polyline class="line c1" points="70,330 560,44 "/>`)
	for dec := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}
