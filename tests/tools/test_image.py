"""What the image is made of, what reaches its builder, and how it is set up; nothing is built here."""

import re
import tomllib
from pathlib import PurePosixPath

import pytest
from conftest import ROOT

from tools.image.context import Context
from tools.image.dockerfile import DockerfileError, read_dockerfile

yaml = pytest.importorskip("yaml")

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
"""huggingface.co/docs/hub/spaces-config-reference"""


@pytest.fixture(scope="module")
def stages():
    return read_dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def context():
    return Context(ROOT)


@pytest.fixture(scope="module")
def front_matter():
    return yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def copied(stages):
    """Sources in the repository of all COPY instructions."""
    steps = [step for stage in stages for step in stage.all("COPY") if "from" not in step.flags]
    return [source for step in steps for source in step.words()[:-1]]


def settings(name):
    with (ROOT / ".streamlit" / "config.toml").open("rb") as file:
        return tomllib.load(file)[name]


# The Dockerfile.


def test_the_image_is_slim_and_both_stages_have_the_same_python(stages):
    assert len(stages) == 2
    assert re.fullmatch(r"python:3\.\d+-slim", stages[1].base)
    assert stages[1].base == f"{stages[0].base}-slim"


def test_what_is_left_out_is_in_the_list_of_packages(stages):
    (argument,) = stages[0].all("ARG")
    left_out = argument.words()[0].removeprefix("LEAVE_OUT=").split("|")
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert all(re.search(rf"^{name}==", listed, re.MULTILINE) for name in left_out)


def test_it_runs_as_user_1000_and_the_application_is_root_s(stages):
    last = stages[-1]
    assert "--uid 1000 user" in last.all("RUN")[0].value
    assert [step.value for step in last.all("USER")] == ["user"]
    user = last.all("USER")[0].line
    assert all(step.line < user and "chown" not in step.flags for step in last.all("COPY"))
    assert "chown" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_nothing_comes_from_apt(stages):
    assert not [
        step for stage in stages for step in stage.all("RUN") if re.search(r"\b(apt|apt-get|dpkg)\b", step.value)
    ]


def test_the_cache_is_filled_by_the_user_that_reads_it(stages):
    last = stages[-1]
    warm_up = next(step for step in last.all("RUN") if "page.warm_up" in step.value)
    assert warm_up.line > last.all("USER")[0].line
    environment = dict(word.split("=", 1) for step in last.all("ENV") for word in step.words())
    assert environment["MPLCONFIGDIR"].startswith("/home/user/")


def test_its_command_serves_all_addresses_on_the_port_that_it_exposes(stages, front_matter):
    last = stages[-1]
    port = last.all("EXPOSE")[0].value
    command = last.all("CMD")[0].command()
    assert command[:3] == ["streamlit", "run", "app.py"]
    assert {"--server.address=0.0.0.0", f"--server.port={port}"} <= set(command)
    assert f":{port}/" in last.all("HEALTHCHECK")[0].command()[2]
    assert str(front_matter["app_port"]) == port


@pytest.mark.parametrize(
    "text",
    [
        "ADD a b",
        "FROM a\nVOLUME x",
        "RUN true",
        "FROM a\nCOPY --link a b",
        "FROM a\nRUN --mount=type=cache true",
        "FROM a\nRUN <<EOF",
    ],
)
def test_what_the_walk_does_not_know_is_refused(tmp_path, text):
    (tmp_path / "Dockerfile").write_text(text)
    with pytest.raises(DockerfileError):
        read_dockerfile(tmp_path / "Dockerfile")


def test_comments_and_continued_lines(tmp_path):
    (tmp_path / "Dockerfile").write_text(
        'FROM a AS b\nENV X=1 \\\n    # why\n    Y="2 3"\nHEALTHCHECK --timeout=5s CMD ["c"]\n'
    )
    (stage,) = read_dockerfile(tmp_path / "Dockerfile")
    assert (stage.base, stage.name) == ("a", "b")
    assert stage.instructions[0].words() == ["X=1", "Y=2 3"]
    assert (stage.instructions[1].flags, stage.instructions[1].command()) == ({"timeout": "5s"}, ["c"])


# What reaches the builder.


def test_everything_that_is_copied_is_there(stages, context):
    for source in copied(stages):
        assert context.files(source), source


def test_nothing_else_reaches_the_builder(stages, context):
    wanted = {path for source in copied(stages) for path in context.files(source)}
    assert set(context.files()) == wanted
    assert not [path for path in wanted if path.suffix == ".pyc"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a.py", False),
        ("b/c.py", True),
        ("b/d/e.py", True),
        ("b/__pycache__/c.pyc", False),
        ("f/g.py", True),
        ("f/h.py", False),
    ],
)
def test_dockerignore(tmp_path, path, kept):
    (tmp_path / ".dockerignore").write_text("# all\n*\n!b\n!f/g.py\n**/__pycache__\n")
    assert Context(tmp_path).keeps(PurePosixPath(path)) == kept


def test_what_the_page_opens_is_in_the_image(context):
    opened = [".streamlit/config.toml", ".streamlit/icon.png", "model/drumclf.tflite", "model/metadata.json",
              "model/report.json", "example_samples/examples.csv", "example_samples/loops/beat.flac",
              "static/archivo.woff2", "page/browser/stage.js", "page/look.css"]  # fmt: skip
    assert set(opened) <= {str(path) for path in context.files()}


# The Space.


def test_the_front_matter_is_a_docker_space_s(front_matter):
    assert front_matter["sdk"] == "docker"
    assert {front_matter["colorFrom"], front_matter["colorTo"]} <= COLOURS
    assert len(front_matter["short_description"]) <= 60
    assert front_matter["title"] and front_matter["emoji"]
    assert front_matter["license"] == "mit"


def test_the_workflow_uploads_all_that_the_image_needs(stages):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "space.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["upload"]["steps"]
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps if "uses" in step)
    upload = next(step["run"] for step in steps if step.get("run", "").startswith("hf upload"))
    included = {pattern.removesuffix("/*") for pattern in re.findall(r'--include "?([^\s"]+)', upload)}
    assert included == {*copied(stages), "Dockerfile", ".dockerignore", "README.md", "LICENSE"}
    assert "HF_TOKEN" not in upload


# Streamlit.


def test_streamlit_is_set_up_for_the_public():
    server, client = settings("server"), settings("client")
    assert server["maxUploadSize"] == 200
    assert server["enableCORS"] is True
    assert server["enableXsrfProtection"] is False
    assert server["enableStaticServing"] is True  # of static/, see below
    assert server["fileWatcherType"] == "none"
    assert client == {"showErrorDetails": "none", "toolbarMode": "minimal"}
    assert settings("browser") == {"gatherUsageStats": False}


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


def test_what_recordings_need_is_not_suggested_to_be_left_out():
    """Hits are found by librosa, which needs numba and that llvmlite."""
    for name in ("Dockerfile", "docs/deploy.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        suggested = re.findall(r"\|[a-z0-9_|-]*tensorflow_cpu[a-z0-9_|-]*", text)
        assert suggested, name
        assert not re.search("librosa|numba|llvmlite", "".join(suggested)), name


def test_the_makefile_warms_up_a_new_environment():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^\.venv/app:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert "-m page.warm_up" in recipe


def test_the_makefile_knows_the_check():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^\.PHONY:.*\bimage-check\b", makefile, re.MULTILINE)
    assert "-m tools.image" in makefile
