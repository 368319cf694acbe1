"""The accounts service: staff with roles per municipality, sign-in, machine tokens, audit trail."""
