"""Synthetic drum sounds: the bundled examples, which are not trained on, and random ones for training."""
