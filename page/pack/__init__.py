"""Many sounds on the page."""
