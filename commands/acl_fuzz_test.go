package commands_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// FuzzACL: whatever the arguments of ACL, AUTH and HELLO, there is one whole reply, and
// nobody is logged in without the password.
func FuzzACL(f *testing.F) {
	for _, seed := range []string{
		"ACL\x00CAT", "ACL\x00CAT\x00stream", "ACL\x00GENPASS\x005", "ACL\x00GENPASS\x00-1", "ACL\x00DRYRUN\x00default\x00get\x00a", "ACL\x00DRYRUN\x00x\x00y",
		"ACL\x00DRYRUN\x00default\x00client\x00id", "ACL\x00GETUSER\x00default", "ACL\x00LOG\x009", "ACL\x00LOG\x00RESET", "ACL\x00LIST", "ACL\x00SETUSER\x00u\x00on",
		"AUTH\x00x", "AUTH\x00default\x00secret", "HELLO\x003\x00AUTH\x00default\x00x\x00SETNAME\x00a b", "HELLO\x003\x00SETNAME", "acl\x00help",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var args [][]byte
		for word := range strings.SplitSeq(line, "\x00") {
			args = append(args, []byte(word))
		}
		if name := strings.ToLower(string(args[0])); name != "acl" && name != "auth" && name != "hello" {
			return
		}
		c, err := commandstest.NewCore().Reset(wire.RESP2)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		do := func(words ...string) []byte {
			list := make([][]byte, len(words))
			for i, w := range words {
				list[i] = []byte(w)
			}
			reply, err := c.Do(list)
			if err != nil {
				t.Fatal(err)
			}
			return reply
		}
		do("CONFIG", "SET", "requirepass", "secret")
		do("RESET")
		reply, err := c.Do(args)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if len(reply) == 0 || !bytes.HasSuffix(reply, []byte("\r\n")) {
			t.Errorf("%q: reply %q", args, reply)
		}
		if got := do("PING"); string(got) == "+PONG\r\n" && !bytes.Contains(bytes.Join(args, nil), []byte("secret")) {
			t.Errorf("%q has logged in", args)
		}
	})
}
