"""Sounds filed into folders: a plan, a journal of what was done, and the way back."""
