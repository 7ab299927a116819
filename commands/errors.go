//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import "errors"

// The texts of this file are Redis' very words: clients compare them.
var (
	// ErrExpired is returned by a read that met a key past its deadline. It never
	// reaches a client: the partition logs the expiry and runs the read behind it.
	ErrExpired = errors.New("key past its deadline")
	// ErrLong is returned by a read whose reply grows too long to be built at once:
	// the partition runs it again on a view.
	ErrLong = errors.New("reply too long to be built at once")
	// ErrNoAuth is the session's answer to a client that has not logged in.
	ErrNoAuth = errors.New("NOAUTH Authentication required.")
	// ErrOOM refuses a command that may need more memory than maxmemory leaves.
	ErrOOM = errors.New("OOM command not allowed when used memory > 'maxmemory'.")
	// ErrCrossSlot refuses a command, or a transaction, whose keys are in several
	// partitions, or in several slots where clients are sent to the leaders.
	ErrCrossSlot = errors.New("CROSSSLOT Keys in request don't hash to the same slot")
	// ErrInternal is the answer to a command that panicked.
	ErrInternal = errors.New("ERR internal error")

	errWrongType  = errors.New("WRONGTYPE Operation against a key holding the wrong kind of value")
	errSyntax     = errors.New("ERR syntax error")
	errNotInteger = errors.New("ERR value is not an integer or out of range")
	errInvalidID  = errors.New("ERR Invalid stream ID specified as stream command argument")
	errNoSuchKey  = errors.New("ERR no such key")
	errStartID    = errors.New("ERR invalid start ID for the interval")
	errEndID      = errors.New("ERR invalid end ID for the interval")
)

// ErrInSubscribed is the session's answer to a command that a client which has
// subscribed in RESP2 may not call.
func ErrInSubscribed(c *Command) error {
	return errors.New("ERR Can't execute '" + c.FullName() + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
}

// Errors of the stream commands.
var (
	errLastIDUsed = errors.New("ERR The stream has exhausted the last possible ID, unable to add more items")
	errIDTooSmall = errors.New("ERR The ID specified in XADD is equal or smaller than the target stream top item")
	errIDZero     = errors.New("ERR The ID specified in XADD must be greater than 0-0")
	errTooLarge   = errors.New("ERR Elements are too large to be stored")
	errXAddArity  = errors.New("ERR wrong number of arguments for 'xadd' command")

	errNegativeMaxLen       = errors.New("ERR The MAXLEN argument must be >= 0.")
	errNegativeLimit        = errors.New("ERR The LIMIT argument must be >= 0.")
	errTwoStrategies        = errors.New("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
	errNoStrategy           = errors.New("ERR syntax error, XTRIM must be called with a trimming strategy")
	errLimitWithoutStrategy = errors.New("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
	errLimitWithoutApprox   = errors.New("ERR syntax error, LIMIT cannot be used without the special ~ option")

	errIDMPTwice     = errors.New("ERR syntax error, IDMP/IDMPAUTO specified multiple times")
	errIDMPWithID    = errors.New("ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs")
	errIDMPNoPID     = errors.New("ERR syntax error, IDMP requires a non-empty producer ID")
	errIDMPNoIID     = errors.New("ERR syntax error, IDMP requires a non-empty idempotent ID")
	errIDMPAutoNoPID = errors.New("ERR syntax error, IDMPAUTO requires a non-empty producer ID")

	errConfigNothing       = errors.New("ERR At least one parameter must be specified")
	errConfigDuration      = errors.New("ERR IDMP-DURATION must be between 1 and 2592000 seconds")
	errConfigMaxSize       = errors.New("ERR IDMP-MAXSIZE must be between 1 and 1000000 entries")
	errConfigDurationTwice = errors.New("ERR IDMP-DURATION specified multiple times")
	errConfigMaxSizeTwice  = errors.New("ERR IDMP-MAXSIZE specified multiple times")

	errRecordNoPID   = errors.New("ERR producer ID must be non-empty")
	errRecordNoIID   = errors.New("ERR idempotent ID must be non-empty")
	errRecordNoEntry = errors.New("ERR No such message in stream")
	errRecordOtherID = errors.New("ERR IID already exists for this producer with a different stream ID")

	errNegativeEntriesAdded    = errors.New("ERR entries_added must be positive")
	errSetIDBelowGiven         = errors.New("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
	errSetIDBelowDeleted       = errors.New("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
	errSetIDBelowTop           = errors.New("ERR The ID specified in XSETID is smaller than the target stream top item")
	errEntriesAddedBelowLength = errors.New("ERR The entries_added specified in XSETID is smaller than the target stream length")

	errTimeoutNotInteger = errors.New("ERR timeout is not an integer or out of range")
	errTimeoutNegative   = errors.New("ERR timeout is negative")
	errTimeoutRange      = errors.New("ERR timeout is out of range")
	errUnbalancedRead    = errors.New("ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified.")
	errUnbalancedGroup   = errors.New("ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.")
	errGroupInRead       = errors.New("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
	errNoAckInRead       = errors.New("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
	errNoGroupOption     = errors.New("ERR Missing GROUP option for XREADGROUP")
	errNewIDInRead       = errors.New("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
	errDollarInGroup     = errors.New("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.")
	errPlusInGroup       = errors.New("ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.")

	errClaimMinIdle     = errors.New("ERR Invalid min-idle-time argument for XCLAIM")
	errClaimIdle        = errors.New("ERR Invalid IDLE option argument for XCLAIM")
	errClaimTime        = errors.New("ERR Invalid TIME option argument for XCLAIM")
	errClaimRetryCount  = errors.New("ERR Invalid RETRYCOUNT option argument for XCLAIM")
	errAutoClaimMinIdle = errors.New("ERR Invalid min-idle-time argument for XAUTOCLAIM")
	errAutoClaimCount   = errors.New("ERR COUNT must be > 0")

	errClaimInRead     = errors.New("ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.")
	errReadMinIdle     = errors.New("ERR min-idle-time is not an integer or out of range")
	errReadMinIdleSign = errors.New("ERR min-idle-time must be a positive integer")

	errMaxCount           = errors.New("ERR MAXCOUNT must be a positive integer")
	errMaxSize            = errors.New("ERR MAXSIZE must be a positive integer")
	errMaxCountBelowCount = errors.New("ERR MAXCOUNT must be greater than or equal to COUNT")

	errNumIDs    = errors.New("ERR Number of IDs must be a positive integer")
	errTooFewIDs = errors.New("ERR The `numids` parameter must match the number of arguments")
	errNoIDs     = errors.New("ERR IDS option is required")

	errNackMode       = errors.New("ERR mode must be SILENT, FAIL, or FATAL")
	errNackNumIDs     = errors.New("ERR numids must be a positive integer")
	errNackTooFewIDs  = errors.New("ERR number of IDs doesn't match numids")
	errNackRetryCount = errors.New("ERR Invalid RETRYCOUNT value, must be >= 0")
	errNackNoIDs      = errors.New("ERR syntax error, expected IDS keyword")

	errGroupNeedsKey   = errors.New("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")
	errBusyGroup       = errors.New("BUSYGROUP Consumer Group name already exists")
	errEntriesReadSign = errors.New("ERR value for ENTRIESREAD must be positive or -1")
)

// noSuchKeyOrGroup is what commands that work on a group's PEL say.
func noSuchKeyOrGroup(key, group []byte) error {
	return errors.New("NOGROUP No such key '" + quoted(key) + "' or consumer group '" + quoted(group) + "'")
}

// noSuchGroup is what XGROUP and XINFO say once they have found the key.
func noSuchGroup(key, group []byte) error {
	return errors.New("NOGROUP No such consumer group '" + quoted(group) + "' for key name '" + quoted(key) + "'")
}

// noGroupToRead is what XREADGROUP says.
func noGroupToRead(key, group []byte) error {
	return errors.New("NOGROUP No such key '" + quoted(key) + "' or consumer group '" + quoted(group) + "' in XREADGROUP with GROUP option")
}

func unrecognizedClaimOption(option []byte) error {
	return errors.New("ERR Unrecognized XCLAIM option '" + quoted(option) + "'")
}

func unrecognizedNackOption(option []byte) error {
	return errors.New("ERR Unrecognized XNACK option '" + quoted(option) + "'")
}

// wrongSubcommandShape is what a container's subcommand says of arguments that it
// can't make sense of.
func wrongSubcommandShape(container string, sub []byte) error {
	return errors.New("ERR unknown subcommand or wrong number of arguments for '" + cString(sub, nameLimit) + "'. Try " + container + " HELP.")
}

// quoted is what C's %s prints of b: all up to the first NUL.
func quoted(b []byte) string { return cString(b, len(b)) }
