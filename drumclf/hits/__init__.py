"""A recording -> its hits."""
