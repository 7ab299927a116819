package commandstest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Transcript is a file of commands and replies.
type Transcript struct {
	Path     string
	Sections []*Section
}

// Section is a part of a transcript that begins on an empty database.
type Section struct {
	Name  string
	Steps []*Step
}

// Step is a line of a transcript with the replies below it.
type Step struct {
	Line int    // in the file, from 1
	Text string // the line itself
	Kind StepKind
	Conn string // of Command and Receive: "" for the section's own connection
	Args [][]byte
	want map[variant]string
}

// StepKind says what a Step does.
type StepKind uint8

// The kinds of steps. A Note is a comment or an empty line.
const (
	Note StepKind = iota
	Command
	Receive
	Directive
)

// variant is for whom a reply is: the zero value is a current server and RESP2.
type variant struct{ old, resp3 bool }

// The marks before replies that differ, in the order in which they are written.
var marks = []struct {
	text string
	v    variant
}{
	{"", variant{}},
	{"3| ", variant{resp3: true}},
	{"7.0| ", variant{old: true}},
	{"7.0 3| ", variant{old: true, resp3: true}},
}

const waiting = "..."

// Read reads a transcript.
func Read(path string) (*Transcript, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := &Transcript{Path: path, Sections: []*Section{{}}}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if err := t.add(i+1, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
	}
	return t, nil
}

func (t *Transcript) add(number int, line string) error {
	if name, ok := strings.CutPrefix(line, "== "); ok {
		t.Sections = append(t.Sections, &Section{Name: name})
		return nil
	}
	s := t.Sections[len(t.Sections)-1]
	step, err := parseStep(line)
	if err != nil {
		return err
	}
	if step != nil {
		step.Line = number
		s.Steps = append(s.Steps, step)
		return nil
	}
	if len(s.Steps) == 0 || s.Steps[len(s.Steps)-1].want == nil {
		return fmt.Errorf("a reply without a command")
	}
	return s.Steps[len(s.Steps)-1].addReply(line)
}

// parseStep parses a line; nil for one that is a reply.
func parseStep(line string) (*Step, error) {
	if line == "" || line[0] == '#' {
		return &Step{Text: line}, nil
	}
	if text, ok := strings.CutPrefix(line, "! "); ok {
		args, err := SplitArgs(text)
		return &Step{Text: line, Kind: Directive, Args: args}, err
	}
	conn, rest := "", line
	if line[0] >= 'A' && line[0] <= 'Z' && len(line) > 1 && (line[1] == '>' || line[1] == '<') {
		conn, rest = line[:1], line[1:]
	}
	if conn != "" && rest == "<" {
		return &Step{Text: line, Kind: Receive, Conn: conn, want: map[variant]string{}}, nil
	}
	if text, ok := strings.CutPrefix(rest, "> "); ok {
		args, err := SplitArgs(text)
		return &Step{Text: line, Kind: Command, Conn: conn, Args: args, want: map[variant]string{}}, err
	}
	return nil, nil
}

func (s *Step) addReply(line string) error {
	for i := len(marks) - 1; i >= 0; i-- {
		text, ok := strings.CutPrefix(line, marks[i].text)
		if !ok {
			continue
		}
		if _, twice := s.want[marks[i].v]; twice {
			return fmt.Errorf("a second reply to %q", s.Text)
		}
		s.want[marks[i].v] = text
		return nil
	}
	return nil
}

// expected is the reply for v: its own, or what follows from a more common one.
func (s *Step) expected(v variant) (string, bool) {
	if text, ok := s.want[v]; ok {
		return text, true
	}
	if v.resp3 {
		if text, ok := s.want[variant{old: v.old}]; ok {
			return inRESP3(text), true
		}
	}
	if v.old {
		return s.expected(variant{resp3: v.resp3})
	}
	return "", false
}

// Bytes is the file.
func (t *Transcript) Bytes() []byte {
	var b bytes.Buffer
	for i, s := range t.Sections {
		if i > 0 {
			fmt.Fprintf(&b, "== %s\n", s.Name)
		}
		for _, step := range s.Steps {
			b.WriteString(step.Text + "\n")
			for _, m := range marks {
				if text, ok := step.want[m.v]; ok {
					b.WriteString(m.text + text + "\n")
				}
			}
		}
	}
	return b.Bytes()
}

// SplitArgs splits a command line as redis-cli does: words, or "quoted" with
// escapes.
func SplitArgs(line string) (args [][]byte, err error) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			args, line = append(args, []byte(word)), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("split %q: %w", line, err)
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("split %q: %w", line, err)
		}
		args, line = append(args, []byte(word)), line[len(quoted):]
	}
	return args, nil
}
