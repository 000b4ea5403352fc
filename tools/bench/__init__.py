"""Timings and the scores of finding hits: ``make bench``, ``bench-start``, ``hits-report``."""
