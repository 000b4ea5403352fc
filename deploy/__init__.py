"""The image: what it holds, and how to check it without Docker (``python -m deploy.image_check``)."""
