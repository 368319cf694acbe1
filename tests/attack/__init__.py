"""Attacks on a running installation, one for each promise that somebody could break on purpose."""
