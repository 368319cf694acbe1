"""The brochure of a town in one language: rights, services by theme, hours, places; as PDF, page and plain text."""
