package commandstest

import "math/rand/v2"

// Grammar makes random commands: shapes with holes, which are words of '%' and a
// letter, and what may stand in a hole.
type Grammar struct {
	Shapes []string
	Holes  map[byte][]string
	// One in Cut commands loses its last words, one in Odd holes gets a word of
	// another; 0 for never.
	Cut, Odd int
}

// Draw returns a command.
func (g *Grammar) Draw(r *rand.Rand) [][]byte {
	args, err := SplitArgs(g.Shapes[r.IntN(len(g.Shapes))])
	if err != nil {
		panic(err)
	}
	for i, a := range args {
		if len(a) == 2 && a[0] == '%' {
			args[i] = []byte(g.fill(r, a[1]))
		}
	}
	if g.Cut > 0 && r.IntN(g.Cut) == 0 {
		args = args[:1+r.IntN(len(args))]
	}
	return args
}

func (g *Grammar) fill(r *rand.Rand, kind byte) string {
	words := g.Holes[kind]
	if g.Odd > 0 && r.IntN(g.Odd) == 0 {
		words = oddWords
	}
	return words[r.IntN(len(words))]
}

// oddWords fit few holes.
var oddWords = []string{"", "-", "+", "$", "*", ">", "(1", "x", "-1", "0", "1-*", "010", " 1", "1.0", "9223372036854775807", "9223372036854775808",
	"18446744073709551615-18446744073709551615", "a\x00b", "a\r\nb"}

// KeyShapes are commands on keys and strings that Redis 7.0 answers as we do: %k key,
// %v value, %n number, %f float, %d database. Deadlines are far away and given as
// points in time, so that no reply depends on the clock; DBSIZE is left out, since 7.0
// counts a key that was set with a time that has passed.
var KeyShapes = []string{
	"SET %k %v", "SET %k %v", "SET %k %v NX", "SET %k %v XX GET", "SET %k %v NX GET", "SET %k %v KEEPTTL", "SET %k %v EXAT 4000000000",
	"SET %k %v PXAT 4000000000123 GET", "SET %k %v EXAT %n", "SET %k %v PX 0", "SET %k %v PX 1.5", "SET %k %v %v",
	"GET %k", "GETDEL %k", "GETEX %k", "GETEX %k PERSIST", "GETEX %k PXAT 4000000000456", "GETEX %k EXAT 1", "GETSET %k %v",
	"SETNX %k %v", "SETEX %k 0 %v", "MGET %k %k %k", "MSET %k %v %k %v", "MSETNX %k %v %k %v", "MSET %k %v %k",
	"APPEND %k %v", "STRLEN %k", "GETRANGE %k %n %n", "SUBSTR %k %n %n", "SETRANGE %k %n %v",
	"INCR %k", "DECR %k", "INCRBY %k %n", "DECRBY %k %n", "INCRBYFLOAT %k %f", "INCRBYFLOAT %k %f",
	"RENAME %k %k", "RENAMENX %k %k", "COPY %k %k", "COPY %k %k REPLACE", "COPY %k %k DB %d", "COPY %k %k DB %d REPLACE", "MOVE %k %d",
	"SWAPDB %d %d", "SELECT %d", "DEL %k", "UNLINK %k %k", "EXISTS %k %k", "TOUCH %k", "TYPE %k",
	"EXPIREAT %k 4000000001", "EXPIREAT %k 4000000002 GT", "PEXPIREAT %k 4000000000001 LT", "PERSIST %k", "EXPIRETIME %k", "PEXPIRETIME %k",
	"OBJECT ENCODING %k", "RESTORE %k %n %v", "RESTORE %k 0 %v REPLACE",
	"XADD %k 1-1 f v", "XADD %k 9-* f v", "XLEN %k", "XGROUP CREATE %k g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS %k >", "XPENDING %k g", "XACK %k g 1-1 9-0",
	"XRANGE %k - +", "FLUSHDB",
}

// KeyHoles fill the holes of KeyShapes.
var KeyHoles = map[byte][]string{
	'k': {"a", "b", "c", "d", "s"},
	'v': {"", "1", "-5", "007", "abc", "3.5", "a\x00b", "9223372036854775807", "12345678901234567890123456789012345678901234567", "NX", "GET"},
	'n': {"0", "1", "-1", "2", "-3", "5", "44", "100", "9223372036854775807", "-9223372036854775808", "x", "1.5", ""},
	'f': {"0", "1", "-1.5", "0.1", "1e3", "200.6", "1e-17", "123456789.123456789", "1e300", "inf", "nan", "x", "0x1p-3", "3.0e400"},
	'd': {"0", "1", "2", "16", "-1", "x"},
}
