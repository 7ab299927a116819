package config

import (
	"fmt"

	"github.com/spf13/pflag"
)

// FileFlag names the YAML file. As every flag it has a variable: MILLRACE_CONFIG.
const FileFlag = "config"

// FlagGroup is a section of the flags of a command.
type FlagGroup struct {
	Title string
	Flags *pflag.FlagSet
}

// Flags returns a flag for each setting that only names, or for each one there is
// when it names none, and one for the file, in groups for a help text. What flags
// do not say Load finds in the environment and in the file.
func Flags(only ...string) []FlagGroup {
	var out []FlagGroup
	for _, group := range groups {
		set := newFlagSet()
		for i := range settings {
			if s := &settings[i]; s.Group == group && isChosen(s.Name, only) {
				set.Var(&rawValue{text: s.Default, kind: s.Type.String()}, s.Name, s.help())
			}
		}
		if set.HasFlags() {
			out = append(out, FlagGroup{Title: string(group), Flags: set})
		}
	}
	file := newFlagSet()
	file.Var(&rawValue{kind: "file"}, FileFlag, "YAML file with settings")
	return append(out, FlagGroup{Title: "Configuration file", Flags: file})
}

func newFlagSet() *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	return set
}

func isChosen(name string, only []string) bool {
	for _, n := range only {
		if n == name {
			return true
		}
	}
	return len(only) == 0
}

func (s *Setting) help() string {
	if s.Type == Enum {
		return fmt.Sprintf("%s: %s", s.summary(), joinOr(s.Values))
	}
	return s.summary()
}

// rawValue is the text of a flag. Load checks it, so that a bad value gets the
// same words wherever it stands.
type rawValue struct{ text, kind string }

func (v *rawValue) String() string     { return v.text }
func (v *rawValue) Set(s string) error { v.text = s; return nil }
func (v *rawValue) Type() string       { return v.kind }
