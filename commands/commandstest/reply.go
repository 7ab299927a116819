package commandstest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// errShort: the bytes end before the reply does.
var errShort = errors.New("reply ends early")

// Render shows the first reply of b as a transcript has it, and returns what
// follows it.
func Render(b []byte) (text string, rest []byte, err error) {
	var out strings.Builder
	rest, err = render(&out, b)
	return out.String(), rest, err
}

func render(out *strings.Builder, b []byte) ([]byte, error) {
	head, rest, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok {
		return nil, errShort
	}
	if len(head) == 0 {
		return nil, errors.New("a reply without a type")
	}
	kind, value := head[0], string(head[1:])
	switch kind {
	case '+':
		out.WriteString(simple(value))
		return rest, nil
	case '-':
		out.WriteString("-" + value)
		return rest, nil
	case ':':
		out.WriteString(value)
		return rest, nil
	case '_':
		out.WriteString("_")
		return rest, nil
	case ',', '#', '(':
		out.WriteString(string(head))
		return rest, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return nil, fmt.Errorf("reply header %q: %w", head, err)
	}
	switch kind {
	case '$', '=':
		return renderBulk(out, n, rest)
	case '*', '~', '>', '%':
		return renderElements(out, kind, n, rest)
	}
	return nil, fmt.Errorf("reply of unknown type %q", head)
}

var letters = regexp.MustCompile(`^[A-Za-z]+$`)

func simple(s string) string {
	if letters.MatchString(s) && s != "nil" {
		return s
	}
	return "+" + strconv.Quote(s)
}

func renderBulk(out *strings.Builder, n int, b []byte) ([]byte, error) {
	if n < 0 {
		out.WriteString("nil")
		return b, nil
	}
	if len(b) < n+2 {
		return nil, errShort
	}
	if string(b[n:n+2]) != "\r\n" {
		return nil, errors.New("a bulk string longer than announced")
	}
	out.WriteString(quote(b[:n]))
	return b[n+2:], nil
}

// quote leaves UTF-8 alone and escapes the rest.
func quote(b []byte) string { return strconv.Quote(string(b)) }

func renderElements(out *strings.Builder, kind byte, n int, b []byte) (_ []byte, err error) {
	if n < 0 {
		out.WriteString("nil[]")
		return b, nil
	}
	opening, closing := "[", "]"
	switch kind {
	case '%':
		opening, closing = "{", "}"
	case '~', '>':
		opening = string(kind) + "["
	}
	out.WriteString(opening)
	for i := range n {
		if i > 0 {
			out.WriteString(", ")
		}
		if b, err = render(out, b); err != nil {
			return nil, err
		}
		if kind == '%' {
			out.WriteString(": ")
			if b, err = render(out, b); err != nil {
				return nil, err
			}
		}
	}
	out.WriteString(closing)
	return b, nil
}

// quotedOrNull finds quoted strings, so as to leave them alone, and nulls.
var quotedOrNull = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|nil\[\]|\bnil\b`)

// inRESP3 is a RESP2 reply with RESP3's nulls.
func inRESP3(text string) string {
	if strings.HasPrefix(text, "-") {
		return text
	}
	return quotedOrNull.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == '"' {
			return s
		}
		return "_"
	})
}

// Matches reports whether a reply is the one expected, where <int> and <id> stand
// for any.
func Matches(expected, got string) bool {
	if expected == got {
		return true
	}
	if !strings.Contains(expected, "<int>") && !strings.Contains(expected, "<id>") {
		return false
	}
	pattern := regexp.QuoteMeta(expected)
	pattern = strings.ReplaceAll(pattern, "<int>", `-?\d+`)
	pattern = strings.ReplaceAll(pattern, "<id>", `"\d+-\d+"`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}
