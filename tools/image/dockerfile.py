"""A Dockerfile -> its stages: only the instructions that this project's uses, and an error for any other."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

FLAGS = {
    "FROM": set(),
    "ARG": set(),
    "RUN": set(),
    "COPY": {"from", "chown", "chmod"},
    "ENV": set(),
    "WORKDIR": set(),
    "USER": set(),
    "EXPOSE": set(),
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval", "retries"},
    "CMD": set(),
}
"""Instruction -> the flags that it may have here."""


class DockerfileError(ValueError):
    """A line that is not understood; the text says which and why."""


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined.

    Attributes
    ----------
    keyword : str
        One of `FLAGS`.
    flags : dict[str, str]
        ``--from=build`` as ``{"from": "build"}``.
    value : str
        What follows the flags.
    line : int
        Where it begins in the file, from 1.
    """

    keyword: str
    flags: dict[str, str]
    value: str
    line: int

    def words(self) -> list[str]:
        """The value as a list: a JSON array as it stands, anything else as a shell would split it."""
        if self.value.startswith("["):
            return json.loads(self.value)
        return shlex.split(self.value)

    def command(self) -> list[str]:
        """What RUN, CMD and HEALTHCHECK execute: the array, or the text through a shell."""
        value = self.value.removeprefix("CMD").strip() if self.keyword == "HEALTHCHECK" else self.value
        return json.loads(value) if value.startswith("[") else ["/bin/sh", "-c", value]


@dataclass(frozen=True)
class Stage:
    """What lies between one FROM and the next.

    Attributes
    ----------
    base : str
        The image that it begins with.
    name : str
        What other stages call it; "" if they cannot.
    instructions : list of Instruction
        Without the FROM.
    """

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, keyword: str) -> list[Instruction]:
        """Its instructions of one kind, in order."""
        return [instruction for instruction in self.instructions if instruction.keyword == keyword]


def read_dockerfile(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order.

    Raises
    ------
    DockerfileError
        For an instruction or a flag that is not in `FLAGS`, and for anything before the first FROM.
    """
    stages: list[Stage] = []
    for number, text in _joined_lines(path.read_text(encoding="utf-8")):
        instruction = _parse(text, number)
        if instruction.keyword == "FROM":
            base, _, name = re.sub(r"\s+(?i:as)\s+", " AS ", instruction.value).partition(" AS ")
            stages.append(Stage(base, name))
        elif stages:
            stages[-1].instructions.append(instruction)
        else:
            raise DockerfileError(f"line {number}: {instruction.keyword} before the first FROM")
    return stages


def _joined_lines(text: str) -> list[tuple[int, str]]:
    """Logical lines with the number of their first; comments are left out, also those between continued lines."""
    joined, begun, parts = [], 0, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun = begun if parts else number
        parts.append(line.rstrip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            joined.append((begun, " ".join(parts)))
            parts = []
    return joined


def _parse(text: str, line: int) -> Instruction:
    keyword, _, rest = text.partition(" ")
    keyword, rest, flags = keyword.upper(), rest.strip(), {}
    if keyword not in FLAGS:
        raise DockerfileError(f"line {line}: {keyword} is not understood")
    while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
        flags[match[1]], rest = match[2], rest[match.end() :]
    if unknown := flags.keys() - FLAGS[keyword]:
        raise DockerfileError(f"line {line}: {keyword} --{min(unknown)} is not understood")
    if rest.startswith("--") or (keyword in ("RUN", "COPY") and "<<" in rest):
        raise DockerfileError(f"line {line}: {keyword} {rest.split()[0]} is not understood")
    return Instruction(keyword, flags, rest, line)
