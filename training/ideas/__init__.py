"""Ideas for better training, and labels that look wrong."""
