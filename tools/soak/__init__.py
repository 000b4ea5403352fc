"""Load and soak test: many visitors against the real server, over its real protocol."""
