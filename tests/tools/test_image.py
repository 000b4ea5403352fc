"""What the image is made of, what reaches its builder, and how it is set up; nothing is built here."""

import importlib.metadata
import re
import tomllib

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.image.container import Image
from tools.image.dockerfile import DockerfileError, read_dockerfile

yaml = pytest.importorskip("yaml")

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}  # hub docs: spaces-config-reference
REQUIREMENTS = ROOT / "requirements.txt"
ENGINES = {"tensorflow", "tensorflow-cpu"}


@pytest.fixture(scope="module")
def stages():
    return read_dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def image(stages):
    made = Image(ROOT)
    for step in stages[-1].steps:
        made.configure(step, {})
    return made


@pytest.fixture(scope="module")
def front_matter():
    return yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def copied(stages):
    """Sources in the repository of all COPY instructions."""
    return [source for stage in stages for step in stage.all("COPY") if not step.origin for source in step.words()[:-1]]


def settings(name):
    with (ROOT / ".streamlit" / "config.toml").open("rb") as file:
        return tomllib.load(file)[name]


def pins(text):
    return {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def required(roots):
    """Packages and all that they require here."""
    found, todo = set(), list(roots)
    while todo:
        name = canonicalize_name(todo.pop())
        if name not in found:
            found.add(name)
            requirements = map(Requirement, importlib.metadata.requires(name) or ())
            todo += [each.name for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


# The Dockerfile.


def test_the_image_is_slim_and_both_stages_have_the_same_python(stages):
    assert len(stages) == 2
    assert re.fullmatch(r"python:3\.\d+-slim", stages[1].base)
    assert stages[1].base == f"{stages[0].base}-slim"
    python = stages[0].base.replace(":", "")
    for step in (step for stage in stages for step in stage.all("RUN")):
        assert set(re.findall(r"lib/(python[\d.]+)", step.value)) <= {python}


def test_the_image_leaves_out_tensorflow_and_all_that_only_it_needs(stages):
    """It cuts the list of packages at a comment: nothing above may need what is below, and TensorFlow all of it."""
    install = next(step.value for step in stages[0].all("RUN") if "pip install" in step.value)
    comment = re.search(r"sed -i '/\^(.+)/,\$d'", install)[1]
    kept, cut = map(pins, re.split(rf"^{comment}", REQUIREMENTS.read_text(encoding="utf-8"), flags=re.MULTILINE))
    here = {canonicalize_name(package.name) for package in importlib.metadata.distributions()}
    assert cut >= ENGINES
    assert required(kept & here) <= kept
    assert cut - ENGINES <= required(ENGINES & here) <= kept | cut


def test_what_is_left_out_by_name_is_in_the_list_of_packages(stages):
    install = next(step.value for step in stages[0].all("RUN") if "pip install" in step.value)
    left_out = re.search(r"\^\(([^)]+)\)==", install)[1].split("|")
    assert {canonicalize_name(name) for name in left_out} <= pins(REQUIREMENTS.read_text(encoding="utf-8"))


def test_it_runs_as_user_1000_and_the_application_belongs_to_root(stages):
    steps = stages[-1].steps
    assert any("--uid 1000 user" in step.value for step in stages[-1].all("RUN"))
    (user,) = stages[-1].all("USER")
    assert user.value == "user"
    assert all(step.keyword != "COPY" for step in steps[steps.index(user) :])
    assert "chown" not in "".join(step.value for step in steps)


def test_the_cache_is_filled_by_the_user_that_reads_it(stages, image):
    steps = stages[-1].steps
    warm_up = next(step for step in steps if "page.warm_up" in step.value)
    assert steps.index(warm_up) > steps.index(stages[-1].all("USER")[0])
    assert image.environment["MPLCONFIGDIR"].startswith("/home/user/")


def test_its_command_serves_all_addresses_on_the_port_that_it_exposes(stages, image, front_matter):
    port = stages[-1].all("EXPOSE")[0].value
    assert image.command[:3] == ["streamlit", "run", "app.py"]
    assert {"--server.address=0.0.0.0", f"--server.port={port}"} <= set(image.command)
    assert f":{port}/" in image.healthcheck[2]
    assert str(front_matter["app_port"]) == port


@pytest.mark.parametrize(
    "text",
    [
        "ADD a b",
        "FROM a\nVOLUME x",
        "RUN true",
        "FROM a\nCOPY --link a b",
        "FROM a\nCOPY --chown=1000 a b",
        "FROM a\nRUN --mount=type=cache true",
        "FROM a\nRUN <<EOF",
    ],
)
def test_what_the_check_does_not_know_is_refused(tmp_path, text):
    (tmp_path / "Dockerfile").write_text(text)
    with pytest.raises(DockerfileError):
        read_dockerfile(tmp_path / "Dockerfile")


def test_comments_and_continued_lines(tmp_path):
    (tmp_path / "Dockerfile").write_text(
        'FROM a AS b\nENV X=1 \\\n    # why\n    Y="2 3"\nHEALTHCHECK --timeout=5s CMD ["c"]\n'
    )
    (stage,) = read_dockerfile(tmp_path / "Dockerfile")
    assert (stage.base, stage.name) == ("a", "b")
    assert stage.steps[0].words() == ["X=1", "Y=2 3"]
    assert stage.steps[1].command() == ["c"]


# What reaches the builder.


def test_what_is_copied_is_there_and_nothing_else_reaches_the_builder(stages):
    """A source that .dockerignore does not name is missing in the build; one that it names in vain is sent there."""
    first, *rules = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert (first, rules[-1]) == ("*", "**/__pycache__")
    assert sorted(rules[:-1]) == sorted(f"!{source}" for source in copied(stages))
    assert all((ROOT / source).exists() for source in copied(stages))


def test_what_the_page_opens_is_in_the_image(stages):
    opened = [".streamlit/config.toml", ".streamlit/icon.png", "model/drumclf.tflite", "model/metadata.json",
              "model/report.json", "example_samples/examples.csv", "example_samples/loops/beat.flac",
              "static/archivo.woff2", "page/browser/stage.js", "page/look.css"]  # fmt: skip
    assert {path.split("/")[0] for path in opened} <= set(copied(stages))
    assert all((ROOT / path).is_file() for path in opened)


# The Space.


def test_the_front_matter_is_a_docker_space_s(front_matter):
    assert front_matter["sdk"] == "docker"
    assert {front_matter["colorFrom"], front_matter["colorTo"]} <= COLOURS
    assert len(front_matter["short_description"]) <= 60


def test_the_workflow_uploads_all_that_the_image_needs(stages):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "space.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["upload"]["steps"]
    upload = next(step["run"] for step in steps if step.get("run", "").startswith("hf upload"))
    included = {pattern.removesuffix("/*") for pattern in re.findall(r'--include "?([^\s"]+)', upload)}
    assert included == {*copied(stages), "Dockerfile", ".dockerignore", "README.md", "LICENSE"}
    assert "HF_TOKEN" not in upload


@pytest.mark.parametrize("path", (ROOT / ".github" / "workflows").glob("*.yml"), ids=lambda path: path.name)
def test_workflows_may_only_read_and_their_actions_are_pinned(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        for used in [job.get("uses"), *(step.get("uses") for step in job.get("steps", ()))]:
            assert used is None or re.search(r"@v\d+$", used) or (ROOT / used).is_file()


# Streamlit.


def test_what_is_served_as_it_is_is_what_is_meant_to_be():
    """Everything in static/ is anybody's: a font and its licence, two kinds of pictures."""
    sounds = [path for path in (ROOT / "example_samples").rglob("*") if path.suffix in (".wav", ".flac")]
    pads = {f"pads/{path.stem}.png" for path in sounds}
    served = {path.relative_to(ROOT / "static").as_posix() for path in (ROOT / "static").rglob("*") if path.is_file()}
    assert served == {"archivo.woff2", "archivo-OFL.txt", "brand.svg"} | pads
    assert not [path for path in (ROOT / "static").rglob("*") if path.is_symlink()]


def test_the_fonts_that_the_page_asks_for_are_served():
    asked = [face["url"] for face in settings("theme")["fontFaces"]]
    assert asked
    for url in asked:
        assert url.startswith("app/static/")  # from here, not from another's server
        assert (ROOT / url.removeprefix("app/")).is_file()


def test_the_proxy_takes_what_streamlit_takes():
    proxy = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    assert int(re.search(r"client_max_body_size (\d+)m", proxy)[1]) > settings("server")["maxUploadSize"]
