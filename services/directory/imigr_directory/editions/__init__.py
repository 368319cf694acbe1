"""What is published of a town in one language: what packs and brochures are made of."""
