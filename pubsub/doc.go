// Package pubsub knows who has subscribed to what: channels, patterns and shard
// channels, each a space of names of its own. It brings messages to subscribers and
// keeps none. It has no keys, no log, no goroutine and no socket.
//
// Invariants:
//
//  1. A topic (a channel, pattern or shard channel that somebody subscribed to)
//     exists exactly as long as it has subscribers.
//  2. A subscriber stands in a topic at most once, at the index that it keeps
//     itself: so to leave a topic costs the same however many others are there.
//  3. Whatever a subscriber gets to know of one registry it gets to know in one
//     order: Receive for a message, and the functions given to Subscribe and
//     Unsubscribe, run under the registry's lock. No message comes before the
//     subscription was told, none after the unsubscription was.
//  4. Patterns are asked in the order in which they were first subscribed to, and
//     after the channel itself.
//  5. The registry's lock is taken before a receiver's own: what runs under it never
//     calls the registry.
//
// Imported by commands, resp and server. Imports glob.
package pubsub
