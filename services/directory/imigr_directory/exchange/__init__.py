"""What comes in from other directories and goes out to them, in the Human Services Data Specification (HSDS)."""
