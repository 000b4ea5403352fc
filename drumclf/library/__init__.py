"""A person's own library: an index of every sound below some folders, kept in the user's cache."""
