"""What people install: the wheel and the source distribution, away from the repository."""

import ast
import os
import subprocess
import sys
import tarfile
import urllib.request
import zipfile

import pytest
from conftest import EXAMPLES, ROOT

import drumclf
from tools.server import free_port, wait_for

pytest.importorskip("hatchling")
OFFLINE = ("NewConnectionError", "Temporary failure in name resolution", "Network is unreachable")


def build(folder, out):
    """The wheel and the source distribution of the project in a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", out]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (wheel,), (source,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def unpacked(distributions, tmp_path_factory):
    """Where the wheel's files lie when it is installed."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(distributions[0]) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def environment(distributions, tmp_path_factory):
    """A new environment that holds the wheel and what its core requires; skipped if there is no network."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--constraint", ROOT / "requirements.txt"]
    done = subprocess.run([*install, distributions[0]], capture_output=True, text=True)
    if any(reason in done.stderr for reason in OFFLINE):
        pytest.skip("no network here: the requirements of the wheel cannot be installed")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def in_environment(environment, folder, *command):
    """Run a command of the environment in a folder; it sees neither this repository nor its own environment."""
    variables = {"PATH": f"{environment / 'bin'}:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        [environment / "bin" / command[0], *command[1:]], cwd=folder, env=variables, capture_output=True, text=True
    )


def test_the_installed_command_classifies_a_file_of_another_folder(environment, tmp_path):
    (tmp_path / "a.wav").write_bytes((EXAMPLES / "kick_acoustic.wav").read_bytes())
    done = in_environment(environment, tmp_path, "drumclf", "classify", "a.wav", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("a.wav,kick,")


def test_the_installed_library_answers_as_this_one(environment, tmp_path, classifier):
    code = f"""if True:
        from drumclf import grad_cam, load_classifier
        classifier = load_classifier()
        prediction = classifier.classify({str(EXAMPLES / "clap_hands.wav")!r})
        print(prediction.probabilities["clap"], grad_cam(classifier, prediction).mean())
    """
    done = in_environment(environment, tmp_path, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    prediction = classifier.classify(EXAMPLES / "clap_hands.wav")
    expected = [prediction.probabilities["clap"], drumclf.grad_cam(classifier, prediction).mean()]
    assert [float(word) for word in done.stdout.split()] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "advice"), [(["hits", "a.wav"], "'drumclf[hits]'"), (["serve"], "'drumclf[page]'")]
)
def test_what_an_extra_brings_is_said_without_it(environment, tmp_path, arguments, advice):
    done = in_environment(environment, tmp_path, "drumclf", *arguments)
    assert done.returncode == 2
    assert advice in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_source_distribution_makes_the_same_wheel(distributions, tmp_path):
    wheel, source = distributions
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "out").mkdir()
    again, _ = build(next(tmp_path.glob("drumclf-*")), tmp_path / "out")
    names = [set(zipfile.ZipFile(path).namelist()) for path in (wheel, again)]
    assert names[0] == names[1]


def test_the_wheel_has_what_the_repository_has_and_no_more(unpacked):
    here = {path.relative_to(ROOT / "drumclf").as_posix() for path in (ROOT / "drumclf").rglob("*.*")}
    there = {path.relative_to(unpacked / "drumclf").as_posix() for path in (unpacked / "drumclf").rglob("*.*")}
    assert {name for name in here if "__pycache__" not in name} <= there
    assert {"py.typed", "model/drumclf.tflite", "model/metadata.json", "drawing/fonts/archivo-bold.ttf"} <= there
    assert {path.name for path in unpacked.iterdir()} == {"drumclf", f"drumclf-{drumclf.__version__}.dist-info"}
    assert not [name for name in there if "__pycache__" in name]


def test_the_page_is_served_from_the_wheel(unpacked, tmp_path):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "drumclf", "serve", "--no-browser", f"--port={port}"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(unpacked)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://localhost:{port}"
    try:
        wait_for(address, server)
        font = urllib.request.urlopen(f"{address}/app/static/archivo.woff2")  # needs its .streamlit/config.toml
        assert font.read() == (ROOT / "static" / "archivo.woff2").read_bytes()
    finally:
        server.terminate()
        server.wait()


def test_type_checkers_see_every_public_name():
    module = ast.parse((ROOT / "drumclf" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in module.body if isinstance(node, ast.If))
    homes = {alias.asname: node.module for node in block.body for alias in node.names}
    assert homes == {name: f"drumclf.{home}" for name, home in drumclf._HOMES.items()}
    for name in drumclf.__all__:
        assert getattr(drumclf, name).__module__.startswith("drumclf.")
