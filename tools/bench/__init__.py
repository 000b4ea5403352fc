"""What is timed and scored: ``make bench``, ``bench-start``, ``hits-report``."""
