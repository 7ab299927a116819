package commands_test

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// The facts of COMMAND INFO that are not those of Redis 7.0.15, as "command fact":
// ours, and why.
var infoDifferences = map[string]string{
	// 7.2 took GETKEYS of a command without arguments.
	"command|getkeys arity":         "-3",
	"command|getkeysandflags arity": "-3",
	// Tips that 7.2 added.
	"config|resetstat tips": "[request_policy:all_nodes response_policy:all_succeeded]",
	"scan tips":             "[nondeterministic_output request_policy:special response_policy:special]",
}

// infoFacts are the elements of COMMAND INFO, without the subcommands.
var infoFacts = []string{"name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specs"}

func TestCommandInfoAgainstRedis(t *testing.T) {
	redis, table := startRedis(t), commands.NewTable()
	for _, name := range fullNames(table) {
		ours, theirs := one(ask(t, "COMMAND", "INFO", name)), one(redis.do("COMMAND", "INFO", name))
		if theirs == nil {
			if !notIn70(name) {
				t.Errorf("%s: Redis 7.0 has no such command", name)
			}
			continue
		}
		for i, fact := range infoFacts {
			got, want := fmt.Sprint(ours.([]any)[i]), fmt.Sprint(theirs.([]any)[i])
			if got == want {
				continue
			}
			if noted, ok := infoDifferences[name+" "+fact]; !ok || noted != got {
				t.Errorf("%s: %s\n got %s\nwant %s", name, fact, got, want)
			}
		}
	}
}

// newerThan70 are the commands that came after Redis 7.0.
var newerThan70 = []string{"client|no-touch", "client|setinfo", "cluster|myshardid", "delex", "digest", "msetex", "waitaof", "xackdel", "xcfgset", "xdelex", "xidmprecord", "xnack"}

// notIn70 reports that Redis 7.0 has no such command: a newer one, or Millrace's own.
func notIn70(name string) bool {
	return slices.Contains(newerThan70, name) || strings.HasPrefix(name, "millrace")
}

func TestCommandDocsAgainstRedis(t *testing.T) {
	redis, table := startRedis(t), commands.NewTable()
	for _, name := range fullNames(table) {
		if notIn70(name) {
			continue
		}
		ours := field(ask(t, "COMMAND", "DOCS", name), name)
		theirs := field(redis.do("COMMAND", "DOCS", name), name)
		for _, fact := range []string{"since", "group"} {
			if got, want := field(ours, fact), field(theirs, fact); got != want {
				t.Errorf("%s: %s: got %v, want %v", name, fact, got, want)
			}
		}
		got, want := sketch(field(ours, "arguments")), sketch(field(theirs, "arguments"))
		if noted, ok := argumentDifferences[name]; ok {
			want = noted
		}
		if got != want {
			t.Errorf("%s: arguments\n got %s\nwant %s", name, got, want)
		}
	}
}

// argumentDifferences are the sketches of arguments that are not as in Redis
// 7.0.15, and why.
var argumentDifferences = map[string]string{
	// As 7.2 has them.
	"client|list": "oneof:TYPE[optional](pure-token:NORMAL pure-token:MASTER pure-token:REPLICA pure-token:PUBSUB)" +
		" integer:ID[optional multiple]",
	// With the comparisons of 8.4.
	"set": "key#0 string oneof[optional](pure-token:NX pure-token:XX string:IFEQ string:IFNE string:IFDEQ string:IFDNE)" +
		" pure-token:GET[optional] oneof[optional](integer:EX integer:PX unix-time:EXAT unix-time:PXAT pure-token:KEEPTTL)",
	// With the reference policies of 8.2 and the producers of 8.6.
	"xadd": "key#0 pure-token:NOMKSTREAM[optional] " + refPolicySketch + " " + idmpSketch + " block[optional](" + trimSketch + ")" +
		" oneof(pure-token:* string) block[multiple](string string)",
	// With the limits of 8.10.
	"xread": "integer:COUNT[optional] " + readLimitsSketch + " integer:BLOCK[optional] " + streamsSketch,
	"xreadgroup": "block:GROUP(string string) integer:COUNT[optional] " + readLimitsSketch +
		" integer:BLOCK[optional] integer:CLAIM[optional] pure-token:NOACK[optional] " + streamsSketch,
	"xtrim":                   "key#0 block(" + trimSketch + ") " + refPolicySketch,
	"command|getkeys":         "string string[optional multiple]",
	"command|getkeysandflags": "string string[optional multiple]",
}

const (
	readLimitsSketch = "integer:MAXCOUNT[optional] integer:MAXSIZE[optional]"
	streamsSketch    = "block:STREAMS(key#0[multiple] string[multiple])"
	idmpSketch       = "oneof[optional](block:IDMPAUTO(string) block:IDMP(string string))"
	refPolicySketch  = "oneof[optional](pure-token:KEEPREF pure-token:DELREF pure-token:ACKED)"
	trimSketch       = "oneof(pure-token:MAXLEN pure-token:MINID) oneof[optional](pure-token:= pure-token:~) string integer:LIMIT[optional]"
)

// sketch shows arguments by what hints are made of: types, tokens, flags. Names
// have changed from version to version.
func sketch(arguments any) string {
	list, _ := arguments.([]any)
	var texts []string
	for _, a := range list {
		text := fmt.Sprint(field(a, "type"))
		if token := field(a, "token"); token != nil {
			text += ":" + strings.ToUpper(fmt.Sprint(token))
		}
		if spec := field(a, "key_spec_index"); spec != nil {
			text += fmt.Sprint("#", spec)
		}
		if flags := field(a, "flags"); flags != nil {
			text += fmt.Sprint(flags)
		}
		if inner := sketch(field(a, "arguments")); inner != "" {
			text += "(" + inner + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

// Requests that Redis answers as the commands in process do, byte for byte.
func TestRepliesAgainstRedis(t *testing.T) {
	long, list := strings.Repeat("n", 200), strings.Repeat("a", 100)
	redis := startRedis(t)
	for _, args := range [][]string{
		{"nosuch"}, {""}, {"FOO", "a", "b"}, {"a\x00b", "x\x00y", "z"}, {"foo\r\nbar", "a\nb"}, {long}, {long[:128]}, {long[:129]},
		// The list of arguments stops once it has 128 bytes.
		{"foo", list, list, list}, {"foo", list[:64], list[:64], "c"}, {"foo", long}, {"foo", long[:128]}, {"foo", long[:127]},
		{"foo", long[:122], "", "b"}, {"foo", long[:123], "", "b"}, {"foo", long[:124], "", "b"}, {"foo", long[:125], "", "b"}, {"foo", long[:126], "b"},
		{"foo", "", "", ""}, {"foo", list, "x\x00" + list},
		{"client", "nosuch"}, {"client", "a\x00b"}, {"CLIENT", long}, {"client", ""}, {"client", "NOSUCH", "x"}, {"xgroup", "foo\nbar"}, {"client", "maint_notifications", "on"},
		{"client"}, {"config"}, {"xinfo"}, {"XGROUP"}, {"get|x"}, {"client|id"},
		{"echo"}, {"ECHO", "a", "b"}, {"xadd", "k"}, {"client", "id", "x"}, {"CLIENT", "SetName"}, {"xgroup", "create", "k"}, {"XINFO", "HELP", "x"},
		{"del"}, {"exists"}, {"dbsize", "x"}, {"reset", "x"}, {"ping", "a", "b"}, {"select"}, {"auth"}, {"time", "x"},
		{"command", "foo"}, {"command", "count", "x"}, {"command", "help", "x"}, {"command", "list", "x"}, {"command", "list", "filterby", "aclcat"},
		{"command", "list", "filterby", "aclcat", "a", "b"}, {"command", "list", "foo", "aclcat", "read"}, {"command", "list", "filterby", "foo", "read"},
		{"command", "list", "filterby", "module", "x"}, {"command", "list", "FilterBy", "AclCat", "nosuch"}, {"command", "list", "filterby", "aclcat", "@read"},
		{"command", "info", "nosuch", "client|nosuch", "client|id|x", "get|x", ""}, {"command", "info", "XADD", "exists", "Client|Id", "xadd"},
		{"command", "docs", "nosuch"}, {"command", "getkeys"}, {"command", "getkeys", "nosuch", "x"}, {"command", "getkeys", "xgroup", "nosuch", "k"},
		{"command", "getkeys", "ping", "x"}, {"command", "getkeys", "xinfo", "help"}, {"command", "getkeys", "exists", "a"}, {"command", "getkeys", "del", "a", "b", "a"},
		{"command", "getkeys", "ttl", "a", "b"}, {"command", "getkeys", "XGROUP", "CREATE", "a", "g", "0"}, {"command", "getkeys", "xgroup", "create", "a", "g"},
		{"command", "getkeys", "xread", "streams", "a", "0"}, {"command", "getkeys", "xread", "streams", "a", "b", "0", "0"},
		{"command", "getkeys", "xread", "count", "1", "streams", "a"}, {"command", "getkeys", "xread", "streams", "a", "b", "c"},
		{"command", "getkeys", "xread", "foo", "a", "streams", "a", "b"}, {"command", "getkeys", "xread", "count", "1", "block", "2"},
		{"command", "getkeys", "xread", "count", "2", "STREAMS", "streams", "b", "0", "0"},
		{"command", "getkeys", "xreadgroup", "group", "streams", "c", "count", "1", "STREAMS", "a", "b", "0", "0"},
		{"command", "getkeys", "xreadgroup", "group", "g", "streams", "STREAMS", "a", "b", "0", "0"},
		{"command", "getkeysandflags", "xreadgroup", "group", "streams", "c", "noack", "STREAMS", "a", "b", ">", ">"},
		{"command", "getkeysandflags", "xadd", "k", "*", "f", "v"}, {"command", "getkeysandflags", "exists", "a", "b"}, {"command", "getkeysandflags", "unlink", "a"},
		{"command", "getkeysandflags", "xgroup", "create", "k", "g", "0"}, {"command", "getkeysandflags", "xautoclaim", "k", "g", "c", "0", "0"},
	} {
		if got, want := fmt.Sprint(ask(t, args...)), fmt.Sprint(redis.do(args...)); got != want {
			t.Errorf("%q\n got %s\nwant %s", args, got, want)
		}
	}
}

// The names that pass a filter, in no promised order, among the commands that both
// have.
func TestCommandListAgainstRedis(t *testing.T) {
	redis := startRedis(t)
	known := fullNames(commands.NewTable())
	for _, filter := range [][]string{
		{}, {"filterby", "aclcat", "stream"}, {"FILTERBY", "ACLCAT", "Read"}, {"filterby", "aclcat", "dangerous"}, {"filterby", "aclcat", "blocking"},
		{"filterby", "aclcat", "slow"}, {"filterby", "pattern", "X*"}, {"filterby", "pattern", "client|[ig]*"}, {"filterby", "pattern", "x*|*"}, {"filterby", "pattern", ""},
	} {
		args := append([]string{"command", "list"}, filter...)
		got, want := common(ask(t, args...), known), common(redis.do(args...), known)
		if !slices.Equal(got, want) {
			t.Errorf("%q\n got %q\nwant %q", args, got, want)
		}
	}
}

// common are the names of a reply that are known here and in Redis 7.0, sorted.
func common(reply any, known []string) (names []string) {
	for _, n := range reply.([]any) {
		if name := n.(string); slices.Contains(known, name) && !notIn70(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ask asks the commands in process; parsed as replies of a real Redis are.
func ask(t *testing.T, args ...string) any {
	t.Helper()
	conn, err := commandstest.NewCore().Reset(wire.RESP2)
	if err != nil {
		t.Fatal(err)
	}
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = []byte(a)
	}
	reply, err := conn.Do(words)
	if err != nil {
		t.Fatal(err)
	}
	return parseReply(t, bufio.NewReader(bytes.NewReader(reply)))
}

func one(reply any) any { return reply.([]any)[0] }

// fullNames are the names of all commands and subcommands.
func fullNames(table *commands.Table) (names []string) {
	for _, c := range table.Commands() {
		names = append(names, c.FullName())
		for _, sub := range c.Sub {
			names = append(names, sub.FullName())
		}
	}
	return names
}
