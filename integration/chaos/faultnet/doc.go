// Package faultnet is a network with faults between the nodes of a cluster: TCP
// proxies, one in front of each node's cluster address. Nodes advertise the proxy's
// address, so all that they say to each other passes here.
//
// A proxy knows whom it stands in front of, and who has dialled from the hello with
// which every connection between nodes begins: it carries the node's id in clear. With
// TLS between the nodes it cannot be read, and faults do not reach the connection.
//
// Faults belong to ordered pairs: those of (a, b) meet the bytes that travel from a to
// b, whoever of the two has dialled. So a cut in one direction is one.
//
// What is held is lost as a network loses it: TCP sends it again. So the bytes arrive,
// in order, when the fault is gone, unless the nodes have given the connection up by
// then. No fault invents, drops or reorders bytes within a connection.
//
// It imports nothing of Millrace. Imported by tests only.
package faultnet
