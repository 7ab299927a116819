package commandstest_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
)

var redis = flag.String("redis", "", "address of a Redis, or of any server, to play the transcripts against; its data is lost")

const transcripts = "../testdata"

func TestTranscriptsAgainstRedis(t *testing.T) {
	if *redis == "" {
		t.Skip("no -redis address")
	}
	target, err := commandstest.DialTarget(*redis)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	commandstest.PlayAll(t, transcripts, target)
}

// What is read and not changed is written back as it was.
func TestTranscriptsRoundTrip(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(transcripts, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("transcripts: %v, %v", paths, err)
	}
	for _, path := range paths {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		transcript, err := commandstest.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := transcript.Bytes(); string(got) != string(want) {
			t.Errorf("%s: written back differently", path)
		}
	}
}

func TestRender(t *testing.T) {
	for _, row := range []struct{ name, reply, want string }{
		{"simple", "+OK\r\n", "OK"},
		{"simple with blanks", "+a b\r\n", `+"a b"`},
		{"error", "-ERR x 'y'\r\n", "-ERR x 'y'"},
		{"integer", ":-1\r\n", "-1"},
		{"bulk", "$4\r\na\r\n\"\r\n", `"a\r\n\""`},
		{"nulls", "*3\r\n$-1\r\n*-1\r\n_\r\n", "[nil, nil[], _]"},
		{"map", "%1\r\n$1\r\nk\r\n*0\r\n", `{"k": []}`},
		{"set and push", "*2\r\n~1\r\n:1\r\n>1\r\n:2\r\n", "[~[1], >[2]]"},
		{"double", ",1.5\r\n", ",1.5"},
		{"verbatim", "=6\r\ntxt:ab\r\n", `"txt:ab"`},
	} {
		got, rest, err := commandstest.Render([]byte(row.reply))
		if got != row.want || len(rest) != 0 || err != nil {
			t.Errorf("%s: got %s, rest %q, %v; want %s", row.name, got, rest, err, row.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	for _, reply := range []string{"", "+OK", "$5\r\nab\r\n", "$1\r\nabc", "*2\r\n:1\r\n", "\r\n", "?1\r\n", "$x\r\n"} {
		if got, _, err := commandstest.Render([]byte(reply)); err == nil {
			t.Errorf("%q: got %s, want an error", reply, got)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, row := range []struct {
		expected, got string
		want          bool
	}{
		{"1", "1", true},
		{"1", "2", false},
		{`["x", <int>]`, `["x", 123]`, true},
		{`["x", <int>]`, `["x", "123"]`, false},
		{`<id>`, `"12-3"`, true},
		{`<id>`, `"12"`, false},
	} {
		if got := commandstest.Matches(row.expected, row.got); got != row.want {
			t.Errorf("Matches(%s, %s) = %v", row.expected, row.got, got)
		}
	}
}
