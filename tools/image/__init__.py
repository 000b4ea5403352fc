"""Build the image without Docker and try it (``python -m tools.image``)."""
