"""Words that depend on a number."""


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 sound', '2,000 sounds'; `many` where it is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
