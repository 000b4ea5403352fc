"""Words that depend on a number; text that is not Markdown."""


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 sound', '2,000 sounds'; `many` where it is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def text_only(text: str) -> str:
    """Text in which Streamlit finds no Markdown."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$:" else sign for sign in text)
