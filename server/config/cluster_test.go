package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/server/config"
)

func TestSettingsOfAClusterGoTogether(t *testing.T) {
	for _, row := range []struct{ name, flags, want string }{
		{"on its own", "", ""},
		{"this machine alone needs no secret", "--cluster-addr 127.0.0.1:7001", ""},
		{"localhost", "--cluster-addr localhost:7001", ""},
		{"IPv6 loopback", "--cluster-addr [::1]:7001", ""},
		{"other machines need one", "--cluster-addr 10.0.0.1:7001", "cluster-secret: must be set, or cluster-tls-cert-file: cluster-addr 10.0.0.1:7001 can be reached from other machines"},
		{"or certificates", "--cluster-addr 10.0.0.1:7001 --cluster-tls-cert-file c --cluster-tls-key-file k --cluster-tls-ca-cert-file a", ""},
		{"a certificate without its key", "--cluster-addr 127.0.0.1:7001 --cluster-tls-cert-file c --cluster-tls-ca-cert-file a", "cluster-tls-key-file: must be set with cluster-tls-ca-cert-file"},
		{"without the authority", "--cluster-addr 127.0.0.1:7001 --cluster-tls-cert-file c --cluster-tls-key-file k", "cluster-tls-ca-cert-file: must be set with cluster-tls-key-file"},
		{"an authority alone", "--cluster-addr 10.0.0.1:7001 --cluster-tls-ca-cert-file a", "cluster-tls-key-file: must be set with cluster-tls-ca-cert-file"},
		{"certificates on its own", "--cluster-tls-cert-file c", "cluster-tls-cert-file: needs cluster-addr"},
		{"with a secret", "--cluster-addr 10.0.0.1:7001 --cluster-secret s", ""},
		{"a name may be any machine", "--cluster-addr node1:7001", "cluster-secret: must be set"},
		{"all interfaces tell no host", "--cluster-addr :7001 --cluster-secret s", "cluster-advertise: must name the host"},
		{"nor does the unspecified one", "--cluster-addr 0.0.0.0:7001 --cluster-secret s", "cluster-advertise: must name the host"},
		{"all interfaces", "--cluster-addr :7001 --cluster-advertise node1:7001 --cluster-secret s", ""},
		{"all interfaces without a secret", "--cluster-addr :7001 --cluster-advertise node1:7001", "cluster-secret: must be set"},
		{"join without an address", "--join 10.0.0.1:7001", "join: needs cluster-addr"},
		{"join several", "--cluster-addr 127.0.0.1:0 --join 10.0.0.1:7001,10.0.0.2:7001", ""},
		{"wait to be told", "--cluster-addr 127.0.0.1:7001 --join wait", ""},
		{"wait on its own", "--join wait", "join: needs cluster-addr"},
		{"join itself", "--cluster-addr 127.0.0.1:7001 --join 127.0.0.1:7001", "join: names this node itself"},
		{"join itself, as others see it", "--cluster-addr :7001 --cluster-advertise n1:7001 --cluster-secret s --join n1:7001", "join: names this node itself"},
		{"join itself and others", "--cluster-addr 127.0.0.1:7001 --join 127.0.0.1:7001,127.0.0.1:7002", ""},
		{"join what is no address", "--cluster-addr 127.0.0.1:0 --join 10.0.0.1:7001,x", `--join: "10.0.0.1:7001,x" must be host:port, and commas between several`},
		{"redirect on its own", "--routing redirect", "routing: redirect needs cluster-addr"},
		{"redirect", "--routing redirect --cluster-addr 127.0.0.1:7001", ""},
		{"synced later on its own", "--fsync no", ""},
		{"synced later", "--cluster-addr 127.0.0.1:7001 --fsync everysec", "fsync: must be always with cluster-addr: after a crash a node could vote"},
		{"never synced", "--cluster-addr 127.0.0.1:7001 --fsync no", "fsync: must be always"},
		{"no address", "--cluster-addr 7001", `--cluster-addr: "7001" must be host:port`},
		{"election-timeout too short", "--election-timeout 49ms", `--election-timeout: "49ms" must be at least 50ms`},
	} {
		_, err := config.Load(flagSet(t, strings.Fields(row.flags)...))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

func TestAddressesThatOthersAreGiven(t *testing.T) {
	for _, row := range []struct{ flags, cluster, client string }{
		{"--cluster-addr 10.0.0.1:7001 --addr 10.0.0.1:6379", "10.0.0.1:7001", "10.0.0.1:6379"},
		{"--cluster-addr 10.0.0.1:0 --addr 10.0.0.1:0", "10.0.0.1:41001", "10.0.0.1:42001"},
		{"--cluster-addr 10.0.0.1:7001 --addr :6379", "10.0.0.1:7001", "10.0.0.1:6379"},
		{"--cluster-addr :7001 --cluster-advertise node1:8001 --addr 0.0.0.0:6379", "node1:8001", "node1:6379"},
		{"--cluster-addr :0 --cluster-advertise node1:0 --addr :0", "node1:41001", "node1:42001"},
		{"--cluster-addr 10.0.0.1:7001 --client-advertise public:1234", "10.0.0.1:7001", "public:1234"},
		{"--cluster-addr [fd00::1]:7001 --addr [::]:6379", "[fd00::1]:7001", "[fd00::1]:6379"},
	} {
		c := load(t, append(strings.Fields(row.flags), "--cluster-secret", "s")...)
		if got := c.ClusterAddress("[::]:41001"); got != row.cluster {
			t.Errorf("%s: cluster address %s, want %s", row.flags, got, row.cluster)
		}
		if got := c.ClientAddress("[::]:42001"); got != row.client {
			t.Errorf("%s: client address %s, want %s", row.flags, got, row.client)
		}
	}
}

// CONFIG GET shows a password, as Redis does, and a secret of the cluster never.
func TestSecretIsShownNowhere(t *testing.T) {
	c := load(t, "--cluster-addr", "10.0.0.1:7001", "--cluster-secret", "hush", "--requirepass", "pw")
	l := config.NewLive(c)
	for _, pair := range l.Match("*") {
		if pair[0] == "cluster-secret" || pair[1] == "hush" {
			t.Errorf("CONFIG GET shows %v", pair)
		}
	}
	if l.Match("cluster-secret") != nil || l.Match("requirepass") == nil {
		t.Error("cluster-secret is known to CONFIG, or requirepass is not")
	}
}

func TestMillisKeepFractionsOfASecond(t *testing.T) {
	for text, want := range map[string]time.Duration{"1s": time.Second, "250ms": 250 * time.Millisecond, "1500ms": 1500 * time.Millisecond, "2": 2 * time.Second, "1m": time.Minute} {
		c := load(t, "--election-timeout", text)
		if c.ElectionTimeout != want {
			t.Errorf("%s: %s, want %s", text, c.ElectionTimeout, want)
		}
	}
	c := load(t, "--election-timeout", "1500ms")
	if got := get(t, config.NewLive(c), "election-timeout"); got != "1500ms" {
		t.Errorf("CONFIG GET shows %s", got)
	}
}
