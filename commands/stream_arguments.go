package commands

// readDifferences is what docs/commands.md says of XREAD and XREADGROUP.
const readDifferences = "A stream for whose entries `MAXSIZE` has no room is left out; Redis may show it with an empty array."

// Arguments that many stream commands document alike.
var (
	keyArgument      = Argument{Name: "key", Type: "key", KeySpec: 1}
	countArgument    = Argument{Name: "count", Type: "integer", Token: "COUNT", Optional: true}
	maxCountArgument = Argument{Name: "maxcount", Type: "integer", Token: "MAXCOUNT", Optional: true, Since: "8.10.0"}
	maxSizeArgument  = Argument{Name: "maxsize", Type: "integer", Token: "MAXSIZE", Optional: true, Since: "8.10.0"}
	groupArgument    = Argument{Name: "group", Type: "string"}
	consumerArgument = Argument{Name: "consumer", Type: "string"}
	groupIDArgument  = Argument{Name: "id-selector", Type: "oneof", Args: []Argument{
		{Name: "id", Type: "string"},
		{Name: "new-id", Type: "pure-token", Token: "$"},
	}}
	entriesReadArgument = Argument{Name: "entries-read", Type: "integer", Token: "ENTRIESREAD", Optional: true, Since: "7.0.0"}
	streamsArgument     = Argument{Name: "streams", Type: "block", Token: "STREAMS", Args: []Argument{
		{Name: "key", Type: "key", KeySpec: 1, Multiple: true},
		{Name: "id", Type: "string", Multiple: true},
	}}
	idsArgument = Argument{Name: "ids", Type: "block", Token: "IDS", Args: []Argument{
		{Name: "numids", Type: "integer"},
		{Name: "id", Type: "string", Multiple: true},
	}}
	refPolicyArgument = Argument{Name: "condition", Type: "oneof", Optional: true, Since: "8.2.0", Args: []Argument{
		{Name: "keepref", Type: "pure-token", Token: "KEEPREF"},
		{Name: "delref", Type: "pure-token", Token: "DELREF"},
		{Name: "acked", Type: "pure-token", Token: "ACKED"},
	}}
	trimArguments = []Argument{
		{Name: "strategy", Type: "oneof", Args: []Argument{
			{Name: "maxlen", Type: "pure-token", Token: "MAXLEN"},
			{Name: "minid", Type: "pure-token", Token: "MINID", Since: "6.2.0"},
		}},
		{Name: "operator", Type: "oneof", Optional: true, Args: []Argument{
			{Name: "equal", Type: "pure-token", Token: "="},
			{Name: "approximately", Type: "pure-token", Token: "~"},
		}},
		{Name: "threshold", Type: "string"},
		{Name: "count", Type: "integer", Token: "LIMIT", Optional: true, Since: "6.2.0"},
	}
)
