package config

import (
	"slices"
	"strings"
)

// checkEnvironment looks for variables that were meant for us and miss. Entries are
// those of os.Environ.
func checkEnvironment(entries []string) error {
	known := map[string]bool{envPrefix + "_" + strings.ToUpper(FileFlag): true}
	for i := range settings {
		known[settings[i].EnvName()] = true
	}
	slices.Sort(entries) // of several unknown ones always the same is named
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix+"_")
		if ours && !known[name] && !isServiceLink(rest, value) {
			return &Error{Origin: name, Reason: unknownSetting}
		}
	}
	return nil
}

// isServiceLink recognises what Kubernetes puts into the environment of every
// container of a namespace that has a service named "millrace": SERVICE_HOST,
// SERVICE_PORT, PORT_6379_TCP_ADDR and so on behind our prefix. Nobody means a
// setting by them; PORT alone might be one, so its value must be a URL.
func isServiceLink(name, value string) bool {
	if name == "PORT" {
		return strings.Contains(value, "://")
	}
	return strings.HasPrefix(name, "SERVICE_HOST") || strings.HasPrefix(name, "SERVICE_PORT") || strings.HasPrefix(name, "PORT_")
}
