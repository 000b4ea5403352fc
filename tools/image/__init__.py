"""The image: what it holds, and how to check it without Docker (``python -m tools.image``)."""
