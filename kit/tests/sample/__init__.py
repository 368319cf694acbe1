"""A small real service, through which the kit's messaging is tested in a process of its own."""
