"""The pictures of README and guide: ``make screenshot``."""
