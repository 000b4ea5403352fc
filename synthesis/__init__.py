"""Drum sounds from first principles: the bundled examples, made by code, trained on by nobody."""
