"""The public agenda in the formats of others: iCalendar, RSS, Atom, schema.org, month view, page of an event."""
