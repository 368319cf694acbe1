"""Programs that write what is generated: locks, contracts, titles."""
