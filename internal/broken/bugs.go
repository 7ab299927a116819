package broken

// The bugs, by package.
const (
	// replication
	ReplyBeforeCommit  = "reply-before-commit"
	ReadWithoutBarrier = "read-without-barrier"
	RetryOutOfOrder    = "retry-out-of-order"
	WaiterServedTwice  = "waiter-served-twice"
	ReplayNotSilent    = "replay-not-silent"
)
