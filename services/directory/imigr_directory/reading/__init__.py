"""What readers see, in memory."""
