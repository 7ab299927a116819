package config

import (
	"math"
	"strconv"
	"strings"
)

// Percentiles are those that INFO latencystats shows, in its order, with a blank
// between each two.
type Percentiles string

// mostPercentiles bounds the line of each command in INFO.
const mostPercentiles = 64

const (
	errPercentiles     reason = "Invalid latency-tracking-info-percentiles parameters"
	errPercentileRange reason = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
)

// Each calls fn for each percentile, with its shortest text.
func (p Percentiles) Each(fn func(text string, percent float64)) {
	for _, word := range strings.Fields(string(p)) {
		percent, _ := strconv.ParseFloat(word, 64) // parse has seen to it
		fn(word, percent)
	}
}

// parse takes numbers. On an error p is as it was.
func (p *Percentiles) parse(text string) error {
	words := strings.Fields(text)
	if len(words) > mostPercentiles {
		return errPercentiles
	}
	for i, word := range words {
		percent, err := strconv.ParseFloat(word, 64)
		if err != nil || math.IsNaN(percent) {
			return errPercentiles
		}
		if percent < 0 || percent > 100 {
			return errPercentileRange
		}
		words[i] = strconv.FormatFloat(math.Abs(percent), 'f', -1, 64) // no -0
	}
	*p = Percentiles(strings.Join(words, " "))
	return nil
}
