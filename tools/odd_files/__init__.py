"""Odd and hostile files, made for the tests."""
