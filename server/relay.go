package server

import (
	"time"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
)

// relay stands between a request and its client, and passes on what is told of it.
type relay struct{ to replication.Replier }

var (
	_ resp.Requester = relay{}
	_ timed          = relay{}
)

// client is who gets the reply in the end.
func (r relay) client() replication.Replier { return clientOf(r.to) }

// Took implements timed.
func (r relay) Took(d time.Duration, again bool) {
	if t, ok := r.to.(timed); ok {
		t.Took(d, again)
	}
}

// Client implements resp.Requester.
func (r relay) Client() (addr, name string) {
	if r, ok := r.to.(resp.Requester); ok {
		return r.Client()
	}
	return "", ""
}

// clientOf looks through a relay.
func clientOf(to replication.Replier) replication.Replier {
	if r, ok := to.(interface{ client() replication.Replier }); ok {
		return r.client()
	}
	return to
}
