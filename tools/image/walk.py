"""Walk a Dockerfile's steps in a folder, in its order and as its users, and keep what each stage gives."""

import hashlib
import os
import shutil
import string
import subprocess
from pathlib import Path, PurePosixPath

from tools.image import base
from tools.image.base import ENVIRONMENT, make_base
from tools.image.container import Image, network_settings, run
from tools.image.context import Context
from tools.image.dockerfile import Instruction, Stage


class StepError(RuntimeError):
    """A step failed; the text has its last words."""


def walk(stages: list[Stage], context: Context, folder: Path) -> Image:
    """The image that the last stage makes.

    Parameters
    ----------
    stages : list of Stage
    context : Context
        What COPY copies from.
    folder : Path
        Keeps each stage under a hash of its steps and of the files that went into it; one that is there already is
        not walked again. The folders of former stages are removed.

    Raises
    ------
    StepError
    """
    images: dict[str, Image] = {}
    for i, stage in enumerate(stages):
        key = _key(stage, context, images)
        images[stage.name or str(i)] = _walk_stage(stage, context, images, folder / key)
    used = {image.root.parent for image in images.values()}
    for former in set(folder.iterdir()) - used:
        shutil.rmtree(former)
    return image_of_last(images)


def image_of_last(images: dict[str, Image]) -> Image:
    """The image of the stage that was walked last."""
    return list(images.values())[-1]


def _key(stage: Stage, context: Context, images: dict[str, Image]) -> str:
    """A hash of everything that a stage is made of."""
    told = hashlib.sha256(stage.base.encode() + Path(base.__file__).read_bytes())
    for step in stage.instructions:
        told.update(f"{step.keyword} {step.flags} {step.value}".encode())
        if step.keyword == "COPY" and "from" in step.flags:
            told.update(images[step.flags["from"]].root.parent.name.encode())
        elif step.keyword == "COPY":
            for path in (path for source in step.words()[:-1] for path in context.files(source)):
                told.update(f"{path} {(context.folder / path).stat().st_mode}".encode())
                told.update((context.folder / path).read_bytes())
    return f"{stage.name or 'last'}-{told.hexdigest()[:16]}"


def _walk_stage(stage: Stage, context: Context, images: dict[str, Image], folder: Path) -> Image:
    image, finished = Image(folder / "root", dict(ENVIRONMENT)), folder / "finished"
    is_new = not finished.exists()
    if is_new:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"FROM {stage.base}", flush=True)
        make_base(image.root, stage.base)
    for step in stage.instructions:
        _configure(image, step)
        if is_new:
            print(f"{step.keyword} {step.value}", flush=True)
            _execute(image, step, context, images)
    finished.touch()
    return image


def _configure(image: Image, step: Instruction) -> None:
    """Steps that say how something is run."""
    match step.keyword:
        case "ARG":
            name, _, default = step.words()[0].partition("=")
            image.environment.setdefault(name, default)
        case "ENV":
            for word in step.words():
                name, _, value = word.partition("=")
                image.environment[name] = string.Template(value).substitute(image.environment)
        case "WORKDIR":
            image.folder = str(PurePosixPath(image.folder) / step.value)
        case "USER":
            image.user = step.value
        case "CMD":
            image.command = step.command()
        case "HEALTHCHECK":
            image.healthcheck = step.command()


def _execute(image: Image, step: Instruction, context: Context, images: dict[str, Image]) -> None:
    """Steps that write files."""
    match step.keyword:
        case "WORKDIR":
            _inside(image, image.folder).mkdir(parents=True, exist_ok=True)
        case "RUN":
            _run(image, step)
        case "COPY" if "from" in step.flags:
            _copy_from(images[step.flags["from"]], image, step)
        case "COPY":
            _copy(image, step, context)


def _run(image: Image, step: Instruction) -> None:
    with network_settings(image.root) as (environment, mounts):
        lent = Image(image.root, environment | image.environment, image.user, image.folder)
        result = run(lent, step.command(), mounts=mounts)
    if result.returncode:
        raise StepError(f"line {step.line}: status {result.returncode}\n{result.stdout[-4000:]}")


def _copy(image: Image, step: Instruction, context: Context) -> None:
    """Files of the repository, with their modes and times, into the image; a folder's content, not the folder."""
    *sources, target = step.words()
    for source in sources:
        files = context.files(source)
        if not files:
            raise StepError(f"line {step.line}: {source} is not there, or .dockerignore leaves it out")
        for path in files:
            inner = path.relative_to(source) if path != PurePosixPath(source) else PurePosixPath()
            into_folder = target.endswith(("/", ".")) or len(sources) > 1
            name = PurePosixPath(target, path.name) if into_folder and inner == PurePosixPath() else target / inner
            copied = _inside(image, name)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(context.folder / path, copied)
            _own(copied, step)


def _copy_from(source_image: Image, image: Image, step: Instruction) -> None:
    """Files and folders of another stage, as they are."""
    *sources, target = step.words()
    for source in sources:
        copied = _inside(image, target)
        copied.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--reflink=auto", f"{_inside(source_image, source)}", copied], check=True)


def _own(path: Path, step: Instruction) -> None:
    """Root's, unless the step says otherwise."""
    user, _, group = step.flags.get("chown", "0:0").partition(":")
    os.chown(path, int(user), int(group or user))
    if "chmod" in step.flags:
        path.chmod(int(step.flags["chmod"], 8))


def _inside(image: Image, path: str | PurePosixPath) -> Path:
    """Where a path of the image is on this machine."""
    return image.root / (PurePosixPath(image.folder) / path).relative_to("/")
