package glob_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/millrace-io/millrace/glob"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		name, pattern, s string
		want             bool
	}{
		{"empty pattern, empty string", "", "", true},
		{"empty pattern", "", "a", false},
		{"star matches nothing", "*", "", true},
		{"stars match nothing", "***", "", true},
		{"literal", "jobs", "jobs", true},
		{"literal is case-sensitive", "jobs", "Jobs", false},
		{"literal is not a prefix", "job", "jobs", false},
		{"literal is not a longer string", "jobs", "job", false},
		{"question mark", "j?bs", "jobs", true},
		{"question mark needs a byte", "jobs?", "jobs", false},
		{"star in the middle", "a*c", "abbbc", true},
		{"star takes the last place that fits", "a*bc", "abcbc", true},
		{"two stars", "*a*b", "xxaxxbxb", true},
		{"two stars miss", "*a*b", "xxaxxbxc", false},
		{"class", "[abc]", "b", true},
		{"class misses", "[abc]", "d", false},
		{"range", "[a-c]", "b", true},
		{"range backwards", "[c-a]", "b", true},
		{"range ends are inside", "[a-c][a-c]", "ac", true},
		{"negated class", "[^a]", "b", true},
		{"negated class misses", "[^a]", "a", false},
		{"caret later is a byte", "[a^]", "^", true},
		{"unclosed class runs to the end", "[abc", "c", true},
		{"unclosed class takes one byte", "[abc", "ca", false},
		{"unclosed class with a dash at the end", "[a-", "-", true},
		{"class takes the bracket as range end", "[a-]x]", "]", true},
		{"open bracket alone", "[", "[", false},
		{"empty class matches nothing", "[]", "]", false},
		{"negated empty class matches any byte", "[^]", "]", true},
		{"escape in class", `[\]]`, "]", true},
		{"escaped dash in class", `[a\-c]`, "b", false},
		{"escaped star", `\*`, "*", true},
		{"escaped star is no star", `\*`, "x", false},
		{"escaped ordinary byte", `\a`, "a", true},
		{"backslash at the end", `a\`, `a\`, true},
		{"any byte, also NUL", "a?c", "a\x00c", true},
		{"bytes, not characters", "??", "ä", true},
		{"class after star", "*[0-9]", "abc1", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := glob.Match(tt.pattern, tt.s); got != tt.want {
				t.Errorf("Match(%q, %q) = %t, want %t", tt.pattern, tt.s, got, tt.want)
			}
			if got := glob.Match([]byte(tt.pattern), []byte(tt.s)); got != tt.want {
				t.Errorf("Match on []byte (%q, %q) = %t, want %t", tt.pattern, tt.s, got, tt.want)
			}
		})
	}
}

// A matcher that tries every way would not come back within the age of the
// universe; the test's own time limit is the assertion.
func TestManyStarsEnd(t *testing.T) {
	pattern := strings.Repeat("a*", 2000) + "b"
	if glob.Match(pattern, strings.Repeat("a", 20000)) {
		t.Error("matched a string without b")
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	key := []byte("orders:2026:eu")
	if n := testing.AllocsPerRun(100, func() { glob.Match("orders:*:[de]u", key) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// naive is the definition, tried in every way: the twin of Match for short
// patterns.
func naive(p, s string) bool {
	if p == "" {
		return s == ""
	}
	if p[0] == '*' {
		return naive(p[1:], s) || s != "" && naive(p, s[1:])
	}
	if s == "" {
		return false
	}
	switch p[0] {
	case '?':
		return naive(p[1:], s[1:])
	case '[':
		rest, ok := naiveClass(p[1:], s[0])
		return ok && naive(rest, s[1:])
	case '\\':
		if len(p) > 1 {
			p = p[1:]
		}
	}
	return p[0] == s[0] && naive(p[1:], s[1:])
}

// naiveClass lists the members of a class one by one.
func naiveClass(p string, b byte) (rest string, ok bool) {
	p, negated := strings.CutPrefix(p, "^")
	var members [256]bool
	for p != "" && p[0] != ']' {
		if p[0] == '\\' && len(p) > 1 {
			members[p[1]] = true
			p = p[2:]
		} else if len(p) > 2 && p[1] == '-' {
			for c := range 256 {
				if c >= int(min(p[0], p[2])) && c <= int(max(p[0], p[2])) {
					members[c] = true
				}
			}
			p = p[3:]
		} else {
			members[p[0]] = true
			p = p[1:]
		}
	}
	return strings.TrimPrefix(p, "]"), members[b] != negated
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"a*b?c", "axxbxc"}, {"[a-c]*[^d]", "bxx"}, {`\[[\]-x`, "[]"}, {"**a**", "bab"}, {"[", "["}, {`[\`, `\`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if strings.Count(pattern, "*") > 4 || len(pattern) > 40 || len(s) > 40 {
			glob.Match(pattern, s) // it ends and does not panic: the twin would not end
			return
		}
		if got, want := glob.Match(pattern, s), naive(pattern, s); got != want {
			t.Errorf("Match(%q, %q) = %t, want %t (valid UTF-8: %t)", pattern, s, got, want, utf8.ValidString(s))
		}
	})
}
