"""Notifications of I-MIGR: contact vault, planning, templates and delivery of messages."""
