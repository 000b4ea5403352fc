"""A Dockerfile -> its stages. It knows what this project's Dockerfile uses; anything else is an error."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

_KEYWORDS = "FROM|ARG|ENV|RUN|COPY|WORKDIR|USER|EXPOSE|HEALTHCHECK|CMD"
_LINE = re.compile(rf"({_KEYWORDS}) ((?:--[a-z-]+=\S+ )*)((?!--)(?!.*<<).+)")


class DockerfileError(ValueError):
    """An instruction that is not understood; the text shows it."""


@dataclass(frozen=True)
class Step:
    """One instruction; `origin` is the stage that a COPY copies from, "" for the repository."""

    keyword: str
    value: str
    origin: str = ""

    def words(self) -> list[str]:
        """The value, split as a shell splits it."""
        return shlex.split(self.value)

    def command(self) -> list[str]:
        """What RUN, CMD and HEALTHCHECK execute: a JSON array as is, other text through a shell."""
        value = self.value.removeprefix("CMD ")
        return json.loads(value) if value.startswith("[") else ["/bin/sh", "-c", value]


@dataclass(frozen=True)
class Stage:
    """What lies between one FROM and the next; `name` is "" if it has none."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def all(self, keyword: str) -> list[Step]:
        """Its instructions of one kind, in order."""
        return [step for step in self.steps if step.keyword == keyword]


def read_dockerfile(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order.

    Raises
    ------
    DockerfileError
    """
    stages: list[Stage] = []
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text(encoding="utf-8"))  # also inside continued lines
    for line in filter(None, re.sub(r"\s*\\\n\s*", " ", text).splitlines()):
        found = _LINE.fullmatch(line)
        keyword, flags, value = found.groups() if found else ("", "", "")
        origin = re.fullmatch("--from=([a-z]+) ", flags) if keyword == "COPY" else None
        if not keyword or (flags and not origin and keyword != "HEALTHCHECK") or not (stages or keyword == "FROM"):
            raise DockerfileError(f"not understood: {line}")
        if keyword == "FROM":
            base, _, name = value.partition(" AS ")
            stages.append(Stage(base, name))
        else:
            stages[-1].steps.append(Step(keyword, value, origin[1] if origin else ""))
    return stages
