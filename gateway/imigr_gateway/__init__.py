"""The gateway: HTTP in front, RPC behind; it owns no data."""
