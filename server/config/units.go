package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	errSize     = errors.New("must be a size: a number with b, k, kb, m, mb, g, gb, t or tb")
	errSizeFit  = errors.New("is larger than any size")
	errSeconds  = errors.New("must be a time: a number with ms, s, m or h")
	errFraction = errors.New("must be a whole number of seconds")
)

// unit is a suffix and what it stands for.
type unit struct {
	suffix string
	factor int64
}

// sizeUnits are Redis': k is 1000, kb is 1024. Longer suffixes come first.
var sizeUnits = []unit{
	{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"tb", 1 << 40},
	{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"t", 1e12}, {"b", 1}, {"", 1},
}

// parseSize reads a number of bytes.
func parseSize(text string) (int64, error) {
	n, factor, ok := splitUnit(text, sizeUnits)
	if !ok {
		return 0, errSize
	}
	if n > math.MaxInt64/uint64(factor) {
		return 0, errSizeFit
	}
	return int64(n) * factor, nil
}

// formatSize writes n in the largest unit of 1024 that leaves no remainder.
func formatSize(n int64) string {
	for _, u := range []unit{{"tb", 1 << 40}, {"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}} {
		if n != 0 && n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// timeUnits count milliseconds; a number without a unit is seconds.
var timeUnits = []unit{{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"", 1e3}}

// parseSeconds reads a time that is a whole number of seconds.
func parseSeconds(text string) (time.Duration, error) {
	d, err := parseMillis(text)
	if err == nil && d%time.Second != 0 {
		return 0, errFraction
	}
	return d, err
}

// parseMillis reads a time.
func parseMillis(text string) (time.Duration, error) {
	n, factor, ok := splitUnit(text, timeUnits)
	if !ok || n > math.MaxInt64/uint64(factor)/uint64(time.Millisecond) {
		return 0, errSeconds
	}
	return time.Duration(int64(n)*factor) * time.Millisecond, nil
}

// splitUnit takes text apart. Numbers beyond 64 bits count as the largest one.
func splitUnit(text string, units []unit) (n uint64, factor int64, ok bool) {
	text = strings.ToLower(text)
	suffix := strings.TrimLeft(text, "0123456789")
	number := text[:len(text)-len(suffix)]
	if number == "" {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		n = math.MaxUint64
	}
	for _, u := range units {
		if suffix == u.suffix {
			return n, u.factor, true
		}
	}
	return 0, 0, false
}
