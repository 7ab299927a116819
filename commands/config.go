package commands

import (
	"strings"

	"github.com/millrace-io/millrace/resp/wire"
)

// CONFIG: the settings, under the names that Redis has for them.
// https://redis.io/docs/latest/commands/config/
var config = Command{
	Name: "config", Syntax: "CONFIG", Summary: "A container for server configuration commands.",
	Since: "2.0.0", Group: "server", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Class: Barrier,
	Sub:   []*Command{&configGet, configHelp, &configResetStat, &configRewrite, &configSet},
}

var configHelp = helpCommand("config", "server", "5.0.0", 0,
	"GET <pattern>", "    Return parameters matching the glob-like <pattern> and their values.",
	"SET <directive> <value>", "    Set the configuration <directive> to <value>.",
	"RESETSTAT", "    Reset statistics reported by the INFO command.",
	"REWRITE", "    Rewrite the configuration file.",
)

const configFlags = Admin | NoScript | Loading | Stale

// CONFIG GET pattern [pattern ...].
var configGet = Command{
	Name: "get", Syntax: "CONFIG GET parameter [parameter ...]",
	Summary: "Returns the effective values of configuration parameters.",
	Since:   "2.0.0", Group: "server", Complexity: "O(N) when N is the number of configuration parameters provided",
	Differences: "Millrace's own settings are shown under their names, too: docs/configuration.md.",
	History:     [][2]string{{"7.0.0", "Added the ability to pass multiple pattern parameters in one call"}},
	Arguments: []Argument{{Name: "parameter", Type: "block", Multiple: true, Args: []Argument{
		{Name: "parameter", Type: "string"},
	}}},
	Arity: -3, Flags: configFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		var found [][2]string
		seen := make(map[string]bool)
		for _, pattern := range c.Args[2:] {
			for _, pair := range c.Node.Config().Match(string(pattern)) {
				// An exact name comes back as the client wrote it.
				if name := strings.ToLower(pair[0]); !seen[name] {
					seen[name] = true
					found = append(found, pair)
				}
			}
		}
		c.Out = wire.AppendMap(c.Out, c.Session.Proto(), len(found))
		for _, pair := range found {
			c.Out = wire.AppendBulkString(c.Out, pair[0])
			c.Out = wire.AppendBulkString(c.Out, pair[1])
		}
		return nil
	},
}

// CONFIG SET parameter value [parameter value ...]: all or none. A setting of the
// partition takes a log entry, so the reply comes from another goroutine.
var configSet = Command{
	Name: "set", Syntax: "CONFIG SET parameter value [parameter value ...]",
	Summary: "Sets configuration parameters in-flight.",
	Since:   "2.0.0", Group: "server", Complexity: "O(N) when N is the number of configuration parameters provided",
	Differences: "Lasts until the next start, unless CONFIG REWRITE keeps it. What Redis can set and Millrace has no use for " +
		"takes its own value only.",
	History: [][2]string{{"7.0.0", "Added the ability to set multiple parameters in one call."}},
	Arguments: []Argument{{Name: "data", Type: "block", Multiple: true, Args: []Argument{
		{Name: "parameter", Type: "string"}, {Name: "value", Type: "string"},
	}}},
	Arity: -4, Flags: configFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips:  []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	Class: Barrier, Secrets: configSecrets,
	Serve: func(c *ServeCall) error {
		if len(c.Args)%2 != 0 {
			return errSyntax
		}
		var pairs [][2]string
		for i := 2; i < len(c.Args); i += 2 {
			pairs = append(pairs, [2]string{string(c.Args[i]), string(c.Args[i+1])})
		}
		settings, fill := c.Node.Config(), c.Later()
		go func() {
			if err := settings.Set(pairs); err != nil {
				fill(AppendError(nil, err))
				return
			}
			fill(wire.AppendSimple(nil, "OK"))
		}()
		return nil
	},
}

// configSecrets finds the passwords among what is set.
func configSecrets(args [][]byte) (secret []int) {
	for i := 2; i+1 < len(args); i += 2 {
		if equalFold(args[i], "requirepass") || equalFold(args[i], "masterauth") {
			secret = append(secret, i+1)
		}
	}
	return secret
}

// CONFIG RESETSTAT.
var configResetStat = Command{
	Name: "resetstat", Syntax: "CONFIG RESETSTAT",
	Summary: "Resets the server's statistics.",
	Since:   "2.0.0", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: configFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips:  []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Node.Config().ResetStat()
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// CONFIG REWRITE keeps what was set. It writes a file, so the reply comes from another
// goroutine.
var configRewrite = Command{
	Name: "rewrite", Syntax: "CONFIG REWRITE",
	Summary: "Persists the effective configuration to file.",
	Since:   "2.8.0", Group: "server", Complexity: "O(1)",
	Differences: "Writes what CONFIG SET has changed into the file of `--config`, whose other lines stay.",
	Arity:       2, Flags: configFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		settings, fill := c.Node.Config(), c.Later()
		go func() {
			if err := settings.Rewrite(); err != nil {
				fill(AppendError(nil, err))
				return
			}
			fill(wire.AppendSimple(nil, "OK"))
		}()
		return nil
	},
}
