"""Parts of the page that have a file to themselves."""
