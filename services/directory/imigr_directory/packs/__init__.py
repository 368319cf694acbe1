"""The offline pack: a town in one language, to be searched and read without a network."""
