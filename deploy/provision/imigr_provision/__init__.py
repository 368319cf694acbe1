"""Prepares the servers and the keys: one program for the local runner and for docker compose."""
