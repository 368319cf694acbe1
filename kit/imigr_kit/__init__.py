"""What all services of I-MIGR stand on: messaging, outbox, inbox, RPC, database, settings, logs, health."""
