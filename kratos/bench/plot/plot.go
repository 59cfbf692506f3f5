// Package plot draws line charts as SVG that can be read on a light and on a
// dark page.
package plot

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
)

// Chart is a set of lines over the same axes.
type Chart struct {
	Title, X, Y    string // Y says the unit, too
	Lines          []Line // eight at most are told apart
	XTicks, YTicks []Tick // the first and the last of each are the chart's edges
	LogY           bool   // equal ratios are equally far apart
}

// Line is a named line through points from left to right.
type Line struct {
	Name   string
	Points []Point
}

// Point is one measurement.
type Point struct{ X, Y float64 }

// Tick is a named place on an axis.
type Tick struct {
	At   float64
	Name string
}

// The drawing, in pixels: the chart's own box, the legend to its right.
const (
	left, top, right, bottom = 70.0, 44.0, 560.0, 330.0
	legendStep               = 22.0
	maxLines                 = 8
)

//go:embed chart.svg
var chartSVG string

// SVG draws the chart. What lies outside of the axes is drawn on their edge.
func (c Chart) SVG() ([]byte, error) {
	drawing, err := template.New("chart").Parse(chartSVG)
	if err != nil {
		return nil, err
	}
	type label struct {
		X, Y  float64
		Text  string
		Color int
	}
	type path struct {
		Points []Point
		Color  int
	}
	page := struct {
		Chart  Chart
		XTicks []label
		YTicks []label
		Legend []label
		Paths  []path
	}{Chart: c}
	for _, t := range c.XTicks {
		page.XTicks = append(page.XTicks, label{X: c.x(t.At), Text: t.Name})
	}
	for _, t := range c.YTicks {
		page.YTicks = append(page.YTicks, label{Y: c.y(t.At), Text: t.Name})
	}
	for n, l := range c.Lines {
		p := path{Color: n % maxLines}
		for _, at := range l.Points {
			p.Points = append(p.Points, Point{X: c.x(at.X), Y: c.y(at.Y)})
		}
		page.Paths = append(page.Paths, p)
		page.Legend = append(page.Legend, label{X: right + 16, Y: top + 6 + legendStep*float64(n), Text: l.Name, Color: p.Color})
	}
	var out bytes.Buffer
	err = drawing.Execute(&out, page)
	return out.Bytes(), err
}

func (c Chart) x(v float64) float64 { return place(v, c.XTicks, false, left, right) }

func (c Chart) y(v float64) float64 { return place(v, c.YTicks, c.LogY, bottom, top) }

// place answers where a value stands between two edges, to a tenth of a pixel.
func place(v float64, ticks []Tick, log bool, from, to float64) float64 {
	low, high := ticks[0].At, ticks[len(ticks)-1].At
	v = min(max(v, low), high)
	if log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	return math.Round(10*(from+(v-low)/(high-low)*(to-from))) / 10
}
