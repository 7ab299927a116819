package config

import (
	"fmt"
	"strings"
)

// Sample returns a YAML file with every setting at its default, commented out:
// what an operator changes stands out.
func Sample() string {
	var b strings.Builder
	b.WriteString("# Settings of a Millrace node: millrace serve --config millrace.yaml\n")
	b.WriteString("# A flag --name beats the variable MILLRACE_NAME, which beats this file.\n")
	b.WriteString("# All lines below show the defaults; take away the # to change one.\n")
	for _, group := range groups {
		fmt.Fprintf(&b, "\n### %s ###\n", group)
		for i := range settings {
			if s := &settings[i]; s.Group == group {
				s.sample(&b)
			}
		}
	}
	return b.String()
}

func (s *Setting) sample(b *strings.Builder) {
	b.WriteString("\n")
	for _, line := range wrap(strings.ReplaceAll(s.Effect, "`", "")+" ("+s.accepts()+")", 90) {
		b.WriteString("# " + line + "\n")
	}
	fmt.Fprintf(b, "#%s: %s\n", s.Name, s.yaml())
}

// yaml is the default as YAML: text in quotes, lest YAML takes it for a number.
func (s *Setting) yaml() string {
	if s.Type == Text || s.Type == Events || s.Type == Numbers {
		return fmt.Sprintf("%q", s.Default)
	}
	return s.Default
}

// accepts says how a value is written.
func (s *Setting) accepts() string {
	switch s.Type {
	case Enum:
		return joinOr(s.Values)
	case Bool:
		return "yes or no"
	case Size:
		return "size: b, kb, mb, gb, tb"
	case Seconds, Millis:
		return "time: s, m, h"
	}
	return s.Type.String()
}

func joinOr(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// wrap breaks text into lines of at most width bytes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
