"""Names of files from strangers, made fit to be shown."""

import unicodedata

MAX_SHOWN = 200
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's control characters, invisible ones and those that turn text around, halves of characters, line breaks."""


def visible(name: str) -> str:
    """A name of which every character is seen where it stands.

    What a screen would obey instead of showing it becomes "�", so that no name passes for another.
    Of a name longer than `MAX_SHOWN` characters the middle is left out.
    """
    shown = "".join("�" if unicodedata.category(sign) in _HIDDEN else sign for sign in name)
    if len(shown) <= MAX_SHOWN:
        return shown
    half = (MAX_SHOWN - 1) // 2
    return f"{shown[:half]}…{shown[-half:]}"
