package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Error says that a setting is unknown or its value is of no use.
type Error struct {
	Origin string // where it stands: "--fsync", "MILLRACE_FSYNC", "millrace.yaml: fsync"
	Reason string
}

func (e *Error) Error() string { return e.Origin + ": " + e.Reason }

const unknownSetting = "unknown setting (`millrace config sample` lists them all)"

// Load merges flags, environment, file and defaults, in this order of precedence.
// The file is named by the flag or the variable of FileFlag; flags may be nil, and
// need not hold a flag for each setting. Whatever no setting knows is an *Error.
func Load(flags *pflag.FlagSet) (*Config, error) {
	if err := checkEnvironment(os.Environ()); err != nil {
		return nil, err
	}
	l, err := newLoader(flags)
	if err != nil {
		return nil, err
	}
	c := Default()
	c.file = l.file
	for i := range settings {
		if err := l.set(c, &settings[i]); err != nil {
			return nil, err
		}
	}
	if err := c.checkCluster(); err != nil {
		return nil, err
	}
	return c, nil
}

// loader knows the sources of values.
type loader struct {
	merged *viper.Viper
	flags  *pflag.FlagSet
	file   string // path, "" for none
}

func newLoader(flags *pflag.FlagSet) (*loader, error) {
	if flags == nil {
		flags = newFlagSet()
	}
	v := viper.New()
	v.SetConfigType("yaml")
	v.SetEnvPrefix(envPrefix)
	v.SetEnvKeyReplacer(envReplacer)
	v.AllowEmptyEnv(true) // an empty password is a value
	v.AutomaticEnv()
	if err := v.BindPFlags(flags); err != nil {
		return nil, fmt.Errorf("bind flags: %w", err)
	}
	l := &loader{merged: v, flags: flags, file: v.GetString(FileFlag)}
	if l.file == "" {
		return l, nil
	}
	return l, l.readFile()
}

func (l *loader) readFile() error {
	body, err := os.ReadFile(l.file)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	only := viper.New()
	only.SetConfigType("yaml")
	if err := errors.Join(only.ReadConfig(bytes.NewReader(body)), l.merged.ReadConfig(bytes.NewReader(body))); err != nil {
		var parse viper.ConfigParseError
		if errors.As(err, &parse) {
			err = parse.Unwrap()
		}
		return &Error{Origin: l.file, Reason: oneLine(err)}
	}
	keys := only.AllKeys()
	sort.Strings(keys)
	for _, key := range keys {
		if lookup(key) == nil {
			return &Error{Origin: l.file + ": " + key, Reason: unknownSetting}
		}
		if only.Get(key) == nil {
			return &Error{Origin: l.file + ": " + key, Reason: "has no value"}
		}
	}
	return nil
}

// set gives s its value in c, unless the default stands.
func (l *loader) set(c *Config, s *Setting) error {
	origin := l.origin(s)
	if origin == "" {
		return nil
	}
	text, err := s.textOf(l.merged.Get(s.Name))
	if err != nil {
		return &Error{Origin: origin, Reason: err.Error()}
	}
	if err := s.parse(c, text); err != nil {
		return &Error{Origin: origin, Reason: s.quote(text) + err.Error()}
	}
	return nil
}

// origin names the source that the value comes from, "" for the default.
func (l *loader) origin(s *Setting) string {
	if l.flags.Changed(s.Name) {
		return "--" + s.Name
	}
	if _, ok := os.LookupEnv(s.EnvName()); ok {
		return s.EnvName()
	}
	if l.merged.InConfig(s.Name) {
		return l.file + ": " + s.Name
	}
	return ""
}

// textOf turns a value of YAML back into the text that stood there. A text setting
// must have been one for YAML too: of 0123 or 7.40 the reader leaves 83 and 7.4.
func (s *Setting) textOf(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case bool, int, int64, uint64, float64:
		if s.Type == Text {
			return "", errors.New("put the value in quotes, YAML takes it for something else than text")
		}
		if b, ok := value.(bool); ok {
			return yesNo(b), nil
		}
		return fmt.Sprint(value), nil
	case []any:
		if s.Type == Limits {
			return strings.Trim(fmt.Sprint(value), "[]"), nil
		}
	}
	return "", errors.New("must be a single value")
}

// quote shows what was found, except where it may be a secret.
func (s *Setting) quote(text string) string {
	if s.Name == "requirepass" || s.Secret || s.Type == Limits {
		return ""
	}
	return strconv.Quote(text) + " "
}

// oneLine is the text of err without line breaks: an operator greps for it.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
