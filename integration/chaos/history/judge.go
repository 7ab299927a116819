package history

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Judge is all checkers of a history and the state it left, but for Equal: the promises
// that were broken, and how many keys' histories were not decided, each within some time.
func Judge(ops []Op, final Final, decideIn time.Duration) (found []string, undecided int) {
	found = Entries(ops, final)
	found = append(found, Streams(ops, final)...)
	found = append(found, Groups(ops, final)...)
	acks, undecidedAcks := Acks(ops, final, decideIn)
	texts, undecidedTexts := Registers(ops, decideIn)
	return append(append(found, acks...), texts...), undecidedAcks + undecidedTexts
}

// Keep writes a history (history.jsonl), and what broke it and was broken (report.json),
// into a folder.
func Keep(dir string, seed uint64, ops []Op, faults, broken []string) error {
	file, err := os.Create(filepath.Join(dir, "history.jsonl"))
	if err != nil {
		return err
	}
	lines := json.NewEncoder(file)
	for _, op := range ops {
		err = errors.Join(err, lines.Encode(op))
	}
	report, jsonErr := json.MarshalIndent(map[string]any{"seed": seed, "faults": faults, "broken": broken}, "", "  ")
	return errors.Join(err, file.Close(), jsonErr, os.WriteFile(filepath.Join(dir, "report.json"), report, 0o600))
}
