"""Names of files from strangers, made fit to be shown."""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's control characters, invisible ones and those that turn text around, halves of characters, line breaks."""
_JOINERS = "\u200c\u200d"
"""Invisible, and needed: in Persian, in many scripts of India, in some emoji."""


def visible(name: str) -> str:
    """A name of which every character is seen where it stands.

    What a screen would obey instead of showing it becomes "�", so that no name passes for another.
    """
    return "".join("�" if unicodedata.category(sign) in _HIDDEN and sign not in _JOINERS else sign for sign in name)


def shortened(name: str, longest: int) -> str:
    """A name of at most `longest` characters, its middle left out: what differs stands at either end."""
    if len(name) <= longest:
        return name
    end = (longest - 1) // 2
    return f"{name[: longest - 1 - end]}…{name[-end:]}"
