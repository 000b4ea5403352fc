"""Many sounds at once."""
