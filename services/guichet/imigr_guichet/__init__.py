"""The guichet service: opening plans, slots, appointments."""
