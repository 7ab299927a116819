package commands

// name is what Redis calls a flag or a category.
type name[T ~uint32] struct {
	bit  T
	text string
}

// flagNames are the flags as COMMAND INFO shows them, in its order.
var flagNames = []name[Flags]{
	{Write, "write"}, {ReadOnly, "readonly"}, {DenyOOM, "denyoom"}, {Admin, "admin"},
	{PubSub, "pubsub"}, {NoScript, "noscript"}, {Blocking, "blocking"}, {Loading, "loading"},
	{Stale, "stale"}, {SkipMonitor, "skip_monitor"}, {SkipSlowlog, "skip_slowlog"}, {Fast, "fast"}, {NoAuth, "no_auth"},
	{NoAsyncLoading, "no_async_loading"}, {NoMulti, "no_multi"}, {AllowBusy, "allow_busy"}, {MovableKeys, "movablekeys"},
}

// categoryNames are the ACL categories without their '@', in Redis' order.
var categoryNames = []name[Categories]{
	{CatKeyspace, "keyspace"}, {CatRead, "read"}, {CatWrite, "write"}, {CatSet, "set"},
	{CatSortedSet, "sortedset"}, {CatList, "list"}, {CatHash, "hash"}, {CatString, "string"},
	{CatBitmap, "bitmap"}, {CatHyperLogLog, "hyperloglog"}, {CatGeo, "geo"}, {CatStream, "stream"},
	{CatPubSub, "pubsub"}, {CatAdmin, "admin"}, {CatFast, "fast"}, {CatSlow, "slow"},
	{CatBlocking, "blocking"}, {CatDangerous, "dangerous"}, {CatConnection, "connection"},
	{CatTransaction, "transaction"}, {CatScripting, "scripting"},
}

// namesOf are the names of the bits that are set.
func namesOf[T ~uint32](set T, all []name[T]) (texts []string) {
	for _, n := range all {
		if set&n.bit != 0 {
			texts = append(texts, n.text)
		}
	}
	return texts
}

// categoryNamed returns the category of that name in any case; 0 for none.
func categoryNamed(text []byte) Categories {
	for _, n := range categoryNames {
		if equalFold(text, n.text) {
			return n.bit
		}
	}
	return 0
}

// shownFlags are the flags that COMMAND INFO shows: movablekeys follows from keys
// whose place depends on the arguments.
func (c *Command) shownFlags() Flags {
	flags := c.Flags &^ MovableKeys
	if c.FindKeys != nil {
		return flags | MovableKeys
	}
	for _, spec := range c.Keys {
		if spec.Keyword != "" {
			return flags | MovableKeys
		}
	}
	return flags
}
