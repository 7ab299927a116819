package integration

import "strings"

const (
	errUnauthenticatedArgs = "-ERR Protocol error: unauthenticated multibulk length\r\n"
	errUnauthenticatedBulk = "-ERR Protocol error: unauthenticated bulk length\r\n"
	errArrayLength         = "-ERR Protocol error: invalid multibulk length\r\n"
	errBulkLength          = "-ERR Protocol error: invalid bulk length\r\n"
	errQuotes              = "-ERR Protocol error: unbalanced quotes in request\r\n"
	errNoAuth              = "-NOAUTH Authentication required.\r\n"
	errWrongPass           = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
	errName                = "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"
	noSetInfo              = "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n"
)

// protocolRows are about requests as bytes; they hold for every client that is
// logged in.
var protocolRows = []row{
	{name: "inline ends with LF", send: "PING\n", want: "+PONG\r\n"},
	{name: "inline ends with CRLF", send: "PING\r\n", want: "+PONG\r\n"},
	{name: "inline words", send: "  ECHO   abc  \r\n", want: "$3\r\nabc\r\n"},
	{name: "double quotes", send: `ECHO "a\x41\n\r\t\b\a\\\"\q b"` + "\r\n", want: "$12\r\naA\n\r\t\b\a\\\"q b\r\n"},
	{name: "single quotes", send: `ECHO 'it\'s "x" \n'` + "\r\n", want: "$11\r\nit's \"x\" \\n\r\n"},
	{name: "empty quotes", send: "ECHO \"\"\r\n", want: "$0\r\n\r\n"},
	{name: "quote left open", send: "ECHO \"abc\r\n", want: errQuotes, closes: true},
	{name: "single quote left open", send: "ECHO 'abc\r\n", want: errQuotes, closes: true},
	{name: "no blank behind a quote", send: "ECHO \"a\"b\r\n", want: errQuotes, closes: true},
	{name: "NUL in an inline request", send: "ECHO a\x00b\r\n", want: "$3\r\na\x00b\r\n", old: "-"},
	{name: "blank lines", send: "\r\n\n   \r\nPING\r\n", want: "+PONG\r\n"},
	{name: "inline too long", send: strings.Repeat("a", 70000), want: "-ERR Protocol error: too big inline request\r\n", closes: true},
	{name: "array header too long", send: "*" + strings.Repeat("1", 70000), want: "-ERR Protocol error: too big mbulk count string\r\n", closes: true},
	{name: "bulk header too long", send: "*1\r\n$" + strings.Repeat("1", 70000), want: "-ERR Protocol error: too big bulk count string\r\n", closes: true},
	{name: "array length a letter", send: "*x\r\n", want: errArrayLength, closes: true},
	{name: "array length +1", send: "*+1\r\n", want: errArrayLength, closes: true},
	{name: "array length with blank", send: "* 1\r\n", want: errArrayLength, closes: true},
	{name: "array length 01", send: "*01\r\n", want: errArrayLength, closes: true},
	{name: "array length empty", send: "*\r\n", want: errArrayLength, closes: true},
	{name: "array length 2^31", send: "*2147483648\r\n", want: errArrayLength, closes: true},
	{name: "array length 2^64", send: "*18446744073709551616\r\n", want: errArrayLength, closes: true},
	{name: "empty arrays", send: "*0\r\n*-1\r\n*-10\r\nPING\r\n", want: "+PONG\r\n"},
	{name: "not a bulk", send: "*1\r\nPING\r\n", want: "-ERR Protocol error: expected '$', got 'P'\r\n", closes: true},
	{name: "nothing where a bulk is due", send: "*1\r\n\r\n", want: "-ERR Protocol error: expected '$', got ' '\r\n", closes: true},
	{name: "bulk length -2", send: "*1\r\n$-2\r\n", want: errBulkLength, closes: true},
	{name: "bulk length -1", send: "*1\r\n$-1\r\n", want: errBulkLength, closes: true},
	{name: "bulk length +4", send: "*1\r\n$+4\r\nPING\r\n", want: errBulkLength, closes: true},
	{name: "bulk length 04", send: "*1\r\n$04\r\nPING\r\n", want: errBulkLength, closes: true},
	{name: "bulk length empty", send: "*1\r\n$\r\n", want: errBulkLength, closes: true},
	{name: "bulk length a letter", send: "*1\r\n$a\r\n", want: errBulkLength, closes: true},
	{name: "bulk longer than 512 MB", send: "*1\r\n$536870913\r\n", want: errBulkLength, closes: true},
	{name: "what stands behind a bulk is not read", send: "*1\r\n$4\r\nPINGxx", want: "+PONG\r\n"},
	{name: "LF does not end a header", send: "*1\n$4\nPING\n\r\n", want: errArrayLength, closes: true},
	{name: "arrays and inline mixed", send: "*1\r\n$4\r\nPING\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", want: "+PONG\r\n+PONG\r\n$2\r\nhi\r\n"},
	{name: "bytes of every kind", send: "*2\r\n$4\r\nECHO\r\n$6\r\n\x00\r\n\xff$*\r\n", want: "$6\r\n\x00\r\n\xff$*\r\n"},
	{name: "POST", send: "POST / HTTP/1.1\r\nPING\r\n", want: "", closes: true},
	{name: "host:", send: "PING\r\nhOsT: localhost\r\nPING\r\n", want: "+PONG\r\n", old: "-", closes: true},
	{name: "POST in an array", send: "*1\r\n$4\r\npost\r\n", want: "", closes: true},
	{name: "replies from before the error, nothing behind it", send: "PING\r\nECHO a\r\n*x\r\nPING\r\n", want: "+PONG\r\n$1\r\na\r\n" + errArrayLength, closes: true},
	{name: "eleven arguments", send: "*11\r\n" + strings.Repeat("$1\r\na\r\n", 11), want: "-ERR unknown command 'a', with args beginning with: " + strings.Repeat("'a' ", 10) + "\r\n"},
	{name: "long argument", send: "*2\r\n$4\r\nECHO\r\n$100000\r\n" + strings.Repeat("x", 100000) + "\r\n", want: "$100000\r\n" + strings.Repeat("x", 100000) + "\r\n"},
	{name: "a bad command in the middle", send: "PING\r\nFOO a b\r\nPING x y\r\nPING\r\n", want: "+PONG\r\n-ERR unknown command 'FOO', with args beginning with: 'a' 'b' \r\n-ERR wrong number of arguments for 'ping' command\r\n+PONG\r\n"},
	{name: "command without a name", send: "*1\r\n$0\r\n\r\n", want: "-ERR unknown command '', with args beginning with: \r\n"},
	{name: "line ends in a command's name", send: "*1\r\n$4\r\nA\r\nB\r\n", want: "-ERR unknown command 'A  B', with args beginning with: \r\n"},
	{name: "long names are cut", send: strings.Repeat("A", 200) + " " + strings.Repeat("b", 200) + " c\r\n", want: "-ERR unknown command '" + strings.Repeat("A", 128) + "', with args beginning with: '" + strings.Repeat("b", 128) + "' \r\n"},
	{name: "QUIT", send: "PING\r\nQUIT\r\nPING\r\n", want: "+PONG\r\n+OK\r\n", closes: true},
	{name: "quit with an argument", send: "quit foo\r\n", want: "+OK\r\n", closes: true},
	{name: "CLIENT REPLY SKIP", send: "CLIENT REPLY SKIP\r\nPING\r\nPING\r\n", want: "+PONG\r\n"},
	{name: "CLIENT REPLY OFF and ON", send: "CLIENT REPLY OFF\r\nPING\r\nFOO\r\nCLIENT REPLY ON\r\nPING\r\n", want: "+OK\r\n+PONG\r\n"},
	{name: "CLIENT REPLY SKIP of a write", send: "CLIENT REPLY SKIP\r\nXADD front-skip 1-1 f v\r\nXLEN front-skip\r\nDEL front-skip\r\n", want: ":1\r\n:1\r\n"},
}

// openRows are for a server without a password.
var openRows = []row{
	{name: "FOO", send: "FOO\r\n", want: "-ERR unknown command 'FOO', with args beginning with: \r\n"},
	{name: "CLIENT FOO", send: "CLIENT FOO\r\n", want: "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"},
	{name: "CLIENT", send: "CLIENT\r\n", want: "-ERR wrong number of arguments for 'client' command\r\n"},
	{name: "CLIENT SETNAME", send: "CLIENT SETNAME\r\n", want: "-ERR wrong number of arguments for 'client|setname' command\r\n"},
	{name: "ECHO", send: "ECHO\r\n", want: "-ERR wrong number of arguments for 'echo' command\r\n"},
	{name: "HELLO 1", send: "HELLO 1\r\n", want: "-NOPROTO unsupported protocol version\r\n"},
	{name: "HELLO 4", send: "HELLO 4\r\n", want: "-NOPROTO unsupported protocol version\r\n"},
	{name: "HELLO abc", send: "HELLO abc\r\n", want: "-ERR Protocol version is not an integer or out of range\r\n"},
	{name: "HELLO 3.0", send: "HELLO 3.0\r\n", want: "-ERR Protocol version is not an integer or out of range\r\n"},
	{name: "HELLO 3 FOO", send: "HELLO 3 FOO\r\n", want: "-ERR Syntax error in HELLO option 'FOO'\r\n"},
	{name: "HELLO 3 SETNAME", send: "HELLO 3 SETNAME\r\n", want: "-ERR Syntax error in HELLO option 'SETNAME'\r\n"},
	{name: "HELLO with a bad name", send: "HELLO 3 SETNAME \"a b\"\r\nCLIENT GETNAME\r\n", want: errName + "$-1\r\n"},
	{name: "a HELLO that fails changes nothing", send: "HELLO 3 AUTH nouser x SETNAME zz\r\nCLIENT GETNAME\r\n", want: errWrongPass + "$-1\r\n"},
	{
		name: "HELLO 3 and back", send: "HELLO 3\r\nCLIENT GETNAME\r\nHELLO 2\r\nCLIENT GETNAME\r\n",
		want: "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:<int>\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n" +
			"_\r\n" +
			"*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:2\r\n$2\r\nid\r\n:<int>\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n" +
			"$-1\r\n",
		old: "-",
	},
	{name: "AUTH without a password set", send: "AUTH x\r\n", want: "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n"},
	{name: "AUTH default x", send: "AUTH default x\r\n", want: "+OK\r\n"},
	{name: "AUTH a b c", send: "AUTH a b c\r\n", want: "-ERR syntax error\r\n"},
	{name: "AUTH of nobody", send: "AUTH nouser x\r\nPING\r\n", want: errWrongPass + "+PONG\r\n"},
	{name: "PING a b", send: "PING a b\r\n", want: "-ERR wrong number of arguments for 'ping' command\r\n"},
	{name: "PING a", send: "PING a\r\n", want: "$1\r\na\r\n"},
	{name: "SELECT", send: "SELECT 16\r\nSELECT -1\r\nSELECT a\r\nSELECT 01\r\nSELECT 15\r\n", want: "-ERR DB index is out of range\r\n-ERR DB index is out of range\r\n" + strings.Repeat("-ERR value is not an integer or out of range\r\n", 2) + "+OK\r\n"},
	{name: "names", send: "CLIENT GETNAME\r\nCLIENT SETNAME ann\r\nCLIENT GETNAME\r\nCLIENT SETNAME \"a b\"\r\nCLIENT SETNAME \"\"\r\nCLIENT GETNAME\r\n", want: "$-1\r\n+OK\r\n$3\r\nann\r\n" + errName + "+OK\r\n$-1\r\n"},
	{name: "CLIENT SETINFO", send: "CLIENT SETINFO LIB-NAME x\r\nCLIENT SETINFO lib-ver 1.0\r\nCLIENT SETINFO FOO x\r\nCLIENT SETINFO LIB-NAME \"a b\"\r\n", want: "+OK\r\n+OK\r\n-ERR Unrecognized option 'FOO'\r\n-ERR LIB-NAME cannot contain spaces, newlines or special characters.\r\n", old: strings.Repeat(noSetInfo, 1) + "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n" + strings.Repeat(noSetInfo, 2)},
	{name: "CLIENT MAINT_NOTIFICATIONS", send: "CLIENT MAINT_NOTIFICATIONS ON\r\n", want: "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n"},
	{name: "CLIENT UNBLOCK of nobody", send: "CLIENT UNBLOCK 99999999\r\nCLIENT UNBLOCK x\r\n", want: ":0\r\n-ERR value is not an integer or out of range\r\n"},
	{name: "CLIENT UNBLOCK with a bad reason", send: "CLIENT UNBLOCK 1 FOO\r\n", want: "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n"},
	{name: "CLIENT LIST", send: "CLIENT LIST TYPE foo\r\nCLIENT LIST ID x\r\nCLIENT LIST ID 99999999\r\nCLIENT LIST FOO\r\n", want: "-ERR Unknown client type 'foo'\r\n-ERR Invalid client ID\r\n$0\r\n\r\n-ERR syntax error\r\n"},
	{name: "CLIENT REPLY FOO", send: "CLIENT REPLY FOO\r\n", want: "-ERR syntax error\r\n"},
	{name: "RESET", send: "CLIENT SETNAME ann\r\nSELECT 3\r\nRESET\r\nCLIENT GETNAME\r\nXADD front-reset 1-1 f v\r\nSELECT 0\r\nDEL front-reset\r\n", want: "+OK\r\n+OK\r\n+RESET\r\n$-1\r\n$3\r\n1-1\r\n+OK\r\n:1\r\n"},
	{name: "RESET leaves RESP3", send: "CLIENT REPLY SKIP\r\nHELLO 3\r\nCLIENT GETNAME\r\nRESET\r\nCLIENT GETNAME\r\n", want: "_\r\n+RESET\r\n$-1\r\n"},
	{name: "RESET turns replies on", send: "CLIENT REPLY OFF\r\nPING\r\nRESET\r\nPING\r\n", want: "+RESET\r\n+PONG\r\n"},
	{name: "COMMAND INFO of nothing", send: "COMMAND INFO nosuch\r\nCOMMAND DOCS nosuch\r\n", want: "*1\r\n$-1\r\n*0\r\n"},
	{name: "COMMAND GETKEYS", send: "COMMAND GETKEYS XREAD COUNT 1 STREAMS a b 0 0\r\nCOMMAND GETKEYS PING x\r\n", want: "*2\r\n$1\r\na\r\n$1\r\nb\r\n-ERR The command has no key arguments\r\n"},
	{name: "CONFIG GET of nothing", send: "CONFIG GET nosuch\r\n", want: "*0\r\n"},
	{name: "CONFIG SET of nothing", send: "CONFIG SET nosuch x\r\n", want: "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'\r\n"},
	{name: "CONFIG SET twice the same", send: "CONFIG SET timeout 0 timeout 1\r\n", want: "-ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter\r\n"},
	{name: "CONFIG SET without a value", send: "CONFIG SET timeout\r\n", want: "-ERR wrong number of arguments for 'config|set' command\r\n"},
	{name: "CONFIG SET of what can't be set", send: "CONFIG SET databases 4\r\n", want: "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config\r\n"},
	{name: "INFO of nothing", send: "INFO nosuch\r\n", want: "$0\r\n\r\n"},
	{name: "FLUSHALL FOO", send: "FLUSHALL FOO\r\n", want: "-ERR syntax error\r\n"},
	{name: "SCAN", send: "SCAN abc\r\nSCAN 0 COUNT 0\r\nSCAN 0 FOO\r\n", want: "-ERR invalid cursor\r\n-ERR syntax error\r\n-ERR syntax error\r\n"},
	{name: "SCAN -1", send: "SCAN -1\r\n", want: "-ERR invalid cursor\r\n", old: "*2\r\n$1\r\n0\r\n*0\r\n"},
	{name: "SCAN of an unknown type", send: "SCAN 0 TYPE foo\r\n", want: "-ERR unknown type name 'foo'\r\n", old: "*2\r\n$1\r\n0\r\n*0\r\n"},
	{name: "EXPIRE of nothing", send: "EXPIRE front-a 10\r\n", want: ":0\r\n"},
	{name: "EXPIRE's options", send: "EXPIRE front-a 10 NX GT\r\nEXPIRE front-a 10 FOO\r\nEXPIRE front-a 10 GT LT\r\n", want: "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n-ERR Unsupported option FOO\r\n-ERR GT and LT options at the same time are not compatible\r\n"},
	{name: "EXPIRE of a stream", send: "XADD front-e 1-1 f v\r\nEXPIRE front-e 10 GT\r\nEXPIRE front-e 10 LT\r\nTTL front-e\r\nPERSIST front-e\r\nTTL front-e\r\nEXPIRE front-e 9223372036854775807\r\nEXPIRE front-e -1\r\nEXISTS front-e\r\n", want: "$3\r\n1-1\r\n:0\r\n:1\r\n:10\r\n:1\r\n:-1\r\n-ERR invalid expire time in 'expire' command\r\n:1\r\n:0\r\n"},
	{name: "EXISTS counts twice", send: "XADD front-x 1-1 f v\r\nEXISTS front-x front-x\r\nTYPE front-x\r\nDEL front-x\r\nTYPE front-x\r\n", want: "$3\r\n1-1\r\n:2\r\n+stream\r\n:1\r\n+none\r\n"},
	{name: "blocked, and PING behind it", send: "XREAD BLOCK 30 STREAMS front-nokey $\r\nPING\r\n", want: "*-1\r\n+PONG\r\n"},
	{name: "blocked in RESP3, and PING behind it", send: "CLIENT REPLY SKIP\r\nHELLO 3\r\nXREAD BLOCK 30 STREAMS front-nokey $\r\nPING\r\n", want: "_\r\n+PONG\r\n"},
}

// lockedRows are for a client that has not logged in, the password being pw.
var lockedRows = []row{
	{name: "before login: PING", send: "PING\r\n", want: errNoAuth},
	{name: "before login: unknown command", send: "FOO\r\n", want: "-ERR unknown command 'FOO', with args beginning with: \r\n"},
	{name: "before login: unknown subcommand", send: "CLIENT FOO\r\n", want: "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"},
	{name: "before login: arity", send: "ECHO a b\r\nXADD k\r\n", want: "-ERR wrong number of arguments for 'echo' command\r\n-ERR wrong number of arguments for 'xadd' command\r\n"},
	{name: "before login: a command's own syntax", send: "XADD k BAD * f v\r\n", want: errNoAuth},
	{name: "before login: HELLO", send: "HELLO 3\r\n", want: "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n"},
	{name: "before login: HELLO with a wrong password", send: "HELLO 3 AUTH default bad\r\n", want: errWrongPass},
	{name: "before login: AUTH bad", send: "AUTH bad\r\nPING\r\n", want: errWrongPass + errNoAuth},
	{name: "before login: AUTH of nobody", send: "AUTH nobody pw\r\n", want: errWrongPass},
	{name: "before login: AUTH default pw", send: "AUTH default pw\r\nPING\r\n", want: "+OK\r\n+PONG\r\n"},
	{name: "before login: HELLO 2 AUTH", send: "CLIENT REPLY SKIP\r\nHELLO 3 AUTH default bad\r\nAUTH pw\r\nCLIENT REPLY SKIP\r\nHELLO 3 AUTH default pw\r\nCLIENT GETNAME\r\n", want: errNoAuth + errWrongPass + "+OK\r\n_\r\n"},
	{name: "before login: a failed AUTH keeps the login", send: "AUTH pw\r\nAUTH bad\r\nPING\r\n", want: "+OK\r\n" + errWrongPass + "+PONG\r\n"},
	{name: "before login: RESET logs out", send: "RESET\r\nAUTH pw\r\nPING\r\nRESET\r\nPING\r\n", want: "+RESET\r\n+OK\r\n+PONG\r\n+RESET\r\n" + errNoAuth},
	{name: "before login: QUIT", send: "QUIT\r\nPING\r\n", want: "+OK\r\n", closes: true},
	{name: "before login: eleven arguments", send: "PING\r\n*11\r\n$4\r\nPING\r\n", want: errNoAuth + errUnauthenticatedArgs, closes: true},
	{name: "before login: ten arguments", send: "*10\r\n" + strings.Repeat("$1\r\na\r\n", 10), want: "-ERR unknown command 'a', with args beginning with: " + strings.Repeat("'a' ", 9) + "\r\n"},
	{name: "before login: a bulk of 16385", send: "*1\r\n$16385\r\n", want: errUnauthenticatedBulk, closes: true},
	{name: "before login: a bulk of 16384", send: "*2\r\n$4\r\nPING\r\n$16384\r\n" + strings.Repeat("a", 16384) + "\r\n", want: errNoAuth},
	{name: "before login: bulk length out of bounds", send: "*1\r\n$536870913\r\n", want: errBulkLength, closes: true},
	{name: "before login: -2", send: "*1\r\n$-2\r\n", want: errBulkLength, closes: true},
	{name: "before login: eleven arguments behind AUTH", send: "AUTH pw\r\n*11\r\n$1\r\na\r\n" + strings.Repeat("$1\r\na\r\n", 10), want: "+OK\r\n-ERR unknown command 'a', with args beginning with: " + strings.Repeat("'a' ", 10) + "\r\n"},
}
