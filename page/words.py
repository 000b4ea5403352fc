"""Words that depend on a number, names that must fit, text that is not Markdown."""


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 sound', '2,000 sounds'; `many` where it is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def shortened(name: str, length: int) -> str:
    """A name of so many letters at most; of a longer one its beginning and its end, which tell it from others."""
    half = length // 2
    return name if len(name) <= length else f"{name[: length - half - 1]}…{name[-half:]}"


def text_only(text: str) -> str:
    """Text in which Streamlit finds no Markdown."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$:" else sign for sign in text)
