package commands

import (
	"fmt"
	"slices"
	"strings"
)

// Page returns docs/commands.md.
func Page(t *Table) string {
	var b strings.Builder
	b.WriteString(pageIntroduction)
	pageIndex(&b, t)
	b.WriteString("\n## Different from Redis\n\n")
	pageAbsent(&b, t)
	b.WriteString(pageDifferences)
	for _, g := range pageGroups {
		list := t.ofGroup(g.group)
		if len(list) > 0 {
			fmt.Fprintf(&b, "\n## %s\n", g.title)
		}
		for _, c := range list {
			c.page(&b, "###")
		}
	}
	return b.String()
}

// pageGroups are the chapters of the page, in its order.
var pageGroups = []struct{ group, title string }{
	{"stream", "Streams"}, {"generic", "Keys of any kind"}, {"string", "Strings"}, {"transactions", "Transactions"},
	{"pubsub", "Pub/Sub"}, {"connection", "Connection"}, {"server", "Server"}, {"cluster", "Cluster"}, {"scripting", "Scripting"},
}

// ofGroup are the commands of a group, in the order of their names.
func (t *Table) ofGroup(group string) (list []*Command) {
	for _, c := range t.Commands() {
		if c.Group == group {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *Command) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// pageIndex lists the commands by group.
func pageIndex(b *strings.Builder, t *Table) {
	b.WriteString("\n| | |\n|---|---|\n")
	for _, g := range pageGroups {
		var links []string
		for _, c := range t.ofGroup(g.group) {
			links = append(links, fmt.Sprintf("[%s](#%s)", strings.ToUpper(c.Name), c.Name))
		}
		if len(links) > 0 {
			fmt.Fprintf(b, "| %s | %s |\n", g.title, strings.Join(links, ", "))
		}
	}
}

// page describes a command; a container's subcommands come a level below it.
func (c *Command) page(b *strings.Builder, level string) {
	fmt.Fprintf(b, "\n%s %s\n\n", level, strings.ToUpper(strings.ReplaceAll(c.FullName(), "|", " ")))
	if len(c.Sub) == 0 || c.Serve != nil {
		fmt.Fprintf(b, "    %s\n\n", c.Syntax)
	}
	b.WriteString(c.Summary + "\n")
	if len(c.Sub) == 0 || c.Serve != nil {
		fmt.Fprintf(b, "\nSince %s. %s. Complexity: %s\n", c.Since, c.Class.inWords(), sentence(c.Complexity))
	}
	if c.DeprecatedSince != "" {
		fmt.Fprintf(b, "\nDeprecated in Redis since %s; instead: %s.\n", c.DeprecatedSince, c.ReplacedBy)
	}
	if c.Differences != "" {
		fmt.Fprintf(b, "\n**Different from Redis:** %s\n", c.Differences)
	}
	for _, sub := range c.Sub {
		sub.page(b, level+"#")
	}
}

// inWords says what the page says of a class.
func (c Class) inWords() string {
	switch c {
	case Log:
		return "Logged"
	case Read:
		return "Read"
	case Own:
		return "Connection"
	case Deferred:
		return "Deferred"
	}
	return "Barrier"
}

func sentence(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
