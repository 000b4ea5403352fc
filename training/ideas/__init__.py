"""Ideas for better training (``make compare``), and labels that look wrong (``make labels``)."""
