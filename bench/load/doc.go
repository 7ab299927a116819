// Package load is the benchmark's own client: connections that send what they are
// given, in pipelines of any depth, and read every reply. It exists because
// redis-benchmark can't act on a reply (acknowledge what it was delivered) or keep
// to a rate, and because a full client library would use more of the machine than
// the server that is measured.
//
// A Conn belongs to one goroutine, or to one that sends and one that receives. An
// error reply is an error of Receive, so no measurement counts one.
package load
