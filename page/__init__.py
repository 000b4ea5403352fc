"""The page, part by part; start reading at app.py."""
