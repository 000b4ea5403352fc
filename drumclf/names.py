"""File names from strangers, made safe to show."""

import unicodedata

# Unicode categories: control characters, invisible ones and those that reverse text, lone surrogates, line breaks.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # invisible but needed, in Persian, in many Indian scripts and in some emoji


def visible(name: str) -> str:
    """A name in which every character is visible and in its place.

    Characters that a screen would obey instead of showing become "�", so that no name can look like another.
    """
    return "".join("�" if unicodedata.category(sign) in _HIDDEN and sign not in _JOINERS else sign for sign in name)


def shortened(name: str, longest: int) -> str:
    """A name of at most `longest` characters. The middle is cut, since names differ at their ends."""
    if len(name) <= longest:
        return name
    end = (longest - 1) // 2
    return f"{name[: longest - 1 - end]}…{name[-end:]}"
