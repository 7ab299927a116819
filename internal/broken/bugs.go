package broken

// The bugs, by package.
const (
	// replication
	ReplyBeforeCommit  = "reply-before-commit"
	ReadWithoutBarrier = "read-without-barrier"
	RetryOutOfOrder    = "retry-out-of-order"
	WaiterServedTwice  = "waiter-served-twice"
	ReplayNotSilent    = "replay-not-silent"

	// storage/log
	SkipLogSync    = "skip-log-sync"
	SkipFolderSync = "skip-folder-sync"
	SkipVoteSync   = "skip-vote-sync"
)
