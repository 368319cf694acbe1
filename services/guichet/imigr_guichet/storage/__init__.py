"""MongoDB: guichets, and one document per appointment that claims its place cell by cell."""
