"""What is drawn in the browser."""
