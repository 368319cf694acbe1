"""Pages on which a person books a slot, or chooses another one for an appointment."""
