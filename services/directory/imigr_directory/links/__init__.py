"""Addresses on the web that records name: looked at now and then, and told when they no longer lead anywhere."""
