"""Use cases of the guichet: plain functions, everything they need comes as a parameter."""
