"""Opening hours in layers: what is written (schedule, recurrence, spans), what follows from it (openings), how it is
said (words), and how others write it (hsds, free_text)."""
