"""The words and rules of the guichet: values, state machines, facts. Standard library only."""
