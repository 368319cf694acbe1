"""The events service: open days and trainings, registrations, waiting lists."""
