package commands_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// keyGrammar makes commands on keys and strings.
var keyGrammar = commandstest.Grammar{Shapes: commandstest.KeyShapes, Holes: commandstest.KeyHoles}

// Random commands on strings and keys, byte for byte against a real Redis. A mismatch is
// shown with the commands since the databases were last empty.
func TestRandomKeysAgainstRedis(t *testing.T) {
	redis := startRedis(t)
	s := *randomSeed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-random-seed %d", s)
	r := rand.New(rand.NewPCG(s, 3))
	core := commandstest.NewCore()
	var conn commandstest.Conn
	var history []string
	for i := range *randomCommands / 2 {
		if i%100 == 0 {
			redis.do("FLUSHALL")
			redis.do("SELECT", "0")
			conn, _ = core.Reset(wire.RESP2)
			history = nil
		}
		args := keyGrammar.Draw(r)
		history = append(history, fmt.Sprintf("%q", args))
		reply, err := conn.Do(args)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		words := make([]string, len(args))
		for j, a := range args {
			words[j] = string(a)
		}
		got, want := parseReply(t, bufio.NewReader(bytes.NewReader(reply))), redis.do(words...)
		if !reflect.DeepEqual(got, want) {
			for _, line := range history {
				t.Log(line)
			}
			t.Fatalf("%q\n got %#v\nwant %#v", args, got, want)
		}
	}
}
