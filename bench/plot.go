package main

import (
	"errors"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// writePlot draws the ratio of each case, and what it should reach.
func writePlot(path string, results []*result) error {
	p := plot.New()
	p.Title.Text = "Millrace / peer, more is better"
	p.X.Label.Text = "ratio"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	var ratios, goals plotter.XYs
	var names []string
	for _, r := range results {
		for i, m := range r.metrics {
			for _, k := range r.peers {
				if r.figures[k] == nil || r.ratio(k, i) <= 0 {
					continue
				}
				y := float64(len(names))
				ratios = append(ratios, plotter.XY{X: r.ratio(k, i), Y: y})
				if m.goal > 0 {
					goals = append(goals, plotter.XY{X: m.goal, Y: y})
				}
				names = append(names, strings.TrimSpace(r.name+" "+m.name))
			}
		}
	}
	if len(ratios) == 0 {
		return errors.New("nothing to plot: no peer is installed")
	}
	if err := addPoints(p, "goal", goals, draw.RingGlyph{}, color.RGBA{R: 0xc5, G: 0x30, B: 0x30, A: 0xff}); err != nil {
		return err
	}
	if err := addPoints(p, "measured", ratios, draw.CircleGlyph{}, color.RGBA{R: 0x2b, G: 0x6c, B: 0xb0, A: 0xff}); err != nil {
		return err
	}
	p.Add(plotter.NewGrid())
	p.NominalY(names...)
	return p.Save(24*vg.Centimeter, vg.Length(4+len(names))*0.6*vg.Centimeter, path)
}

func addPoints(p *plot.Plot, name string, points plotter.XYs, shape draw.GlyphDrawer, c color.Color) error {
	if len(points) == 0 {
		return nil
	}
	scatter, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(4), Shape: shape}
	p.Add(scatter)
	p.Legend.Add(name, scatter)
	return nil
}
