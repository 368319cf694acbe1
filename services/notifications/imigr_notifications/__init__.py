"""The notifications service: contact vault, planning, delivery by SMS and email."""
