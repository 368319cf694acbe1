"""What staff and machines do, each in their municipality; one module and one blueprint per service."""
