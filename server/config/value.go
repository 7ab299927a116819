package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parse sets the value in c from text as it stands in a file, a variable or a flag.
// On an error c is as it was. The error reads on behind the name of the setting.
func (s *Setting) parse(c *Config, text string) error {
	switch to := s.field(c).(type) {
	case *string:
		return s.parseText(to, text)
	case *bool:
		return parseBool(to, text)
	case *int:
		n, err := s.parseInt(text)
		return assign(to, int(n), err)
	case *int64:
		if s.Type == Int {
			n, err := s.parseInt(text)
			return assign(to, n, err)
		}
		n, err := parseSize(text)
		return assign(to, n, errors.Join(err, s.inRange(n, err, formatSize)))
	case *time.Duration:
		if s.Type == Millis {
			d, err := parseMillis(text)
			return assign(to, d, errors.Join(err, s.inRange(d.Milliseconds(), err, formatMillis)))
		}
		d, err := parseSeconds(text)
		return assign(to, d, errors.Join(err, s.inRange(int64(d/time.Second), err, formatSeconds)))
	case *KeyspaceEvents:
		return to.parse(text)
	case *Percentiles:
		return to.parse(text)
	case *BufferLimits:
		return to.parse(text)
	}
	panic(fmt.Sprintf("setting %s has a field of type %T", s.Name, s.field(c)))
}

// format writes the value that parse reads.
func (s *Setting) format(c *Config) string {
	switch from := s.field(c).(type) {
	case *string:
		return *from
	case *bool:
		return yesNo(*from)
	case *int:
		return strconv.Itoa(*from)
	case *int64:
		if s.Type == Int {
			return strconv.FormatInt(*from, 10)
		}
		return formatSize(*from)
	case *time.Duration:
		if s.Type == Millis {
			return formatMillis(from.Milliseconds())
		}
		return formatSeconds(int64(*from / time.Second))
	case *KeyspaceEvents:
		return string(*from)
	case *Percentiles:
		return string(*from)
	case *BufferLimits:
		return from.String()
	}
	panic(fmt.Sprintf("setting %s has a field of type %T", s.Name, s.field(c)))
}

func assign[T any](to *T, value T, err error) error {
	if err == nil {
		*to = value
	}
	return err
}

func (s *Setting) parseText(to *string, text string) error {
	if s.Type == Enum {
		text = strings.ToLower(text)
		if !slices.Contains(s.Values, text) {
			return fmt.Errorf("must be one of %s", strings.Join(s.Values, ", "))
		}
	} else if s.check != nil {
		if err := s.check(text); err != nil {
			return err
		}
	}
	*to = text
	return nil
}

func parseBool(to *bool, text string) error {
	switch strings.ToLower(text) {
	case "yes", "true", "on", "1":
		*to = true
	case "no", "false", "off", "0":
		*to = false
	default:
		return errors.New("must be yes or no")
	}
	return nil
}

func (s *Setting) parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return n, s.inRange(n, nil, func(n int64) string { return strconv.FormatInt(n, 10) })
}

// inRange checks n against the bounds, unless reading it has failed already.
func (s *Setting) inRange(n int64, failed error, format func(int64) string) error {
	if failed != nil || n >= s.Min && n <= s.Max {
		return nil
	}
	if n < s.Min {
		return fmt.Errorf("must be at least %s", format(s.Min))
	}
	return fmt.Errorf("must be at most %s", format(s.Max))
}

func formatSeconds(n int64) string { return strconv.FormatInt(n, 10) + "s" }

// formatMillis writes n in the larger unit that leaves no remainder.
func formatMillis(n int64) string {
	if n%1000 == 0 {
		return formatSeconds(n / 1000)
	}
	return strconv.FormatInt(n, 10) + "ms"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
