"""The press: a process of its own that makes the editions of all towns, and is gone when it has.

Compressing and printing hold up no reader then, and the memory they take is given back. It may be killed at any moment:
what it has published stands, and the next one makes what is missing.
"""
