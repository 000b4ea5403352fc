"""Code and commands in README and docs, run as they stand there."""

import ast
import re
import shlex
import shutil
import tomllib

import pytest
from command_steps import keep_library_in
from conftest import EXAMPLES, ROOT, encode, make_loop
from test_docs import PAGES, each_page

import drumclf
from drumclf.__main__ import build_parser, main

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"--[a-z][a-z-]*")
SHELL = ("", "sh", "bash")
FILES = {"kick.wav", "loop.wav", "sounds", "sorted"}  # commands that name one of these are run, others only parsed


def blocks(page, *languages):
    """The code blocks of a page in one of these languages."""
    return [code for language, code in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def commands(page):
    """The lines of a page that call `drumclf`, without comments; lines that are continued are joined."""
    lines = [line for block in blocks(page, *SHELL) for line in re.sub(r"\\?\n[ \t]+", " ", block).splitlines()]
    return [re.split(r"\s+#", line)[0] for line in lines if line.startswith("drumclf ")]


def variants(command):
    """The words of a command without what is optional, and with each option and each of its values in turn."""
    bare = re.sub(r"\[.*?\]", "", command)
    options = [""]
    for option in re.findall(r"\[(.*?)\]", command):
        name, has_values, values = option.partition(" ")
        options += [f"{name} {value}" for value in values.split("|")] if has_values else option.split("|")
    return [["1" if word == "N" else word for word in shlex.split(f"{bare} {option}")[1:]] for option in options]


def promised(comment):
    """The value with which a comment begins, such as 0.97 in "# 0.97, of the label"; None if there is none."""
    text = comment.lstrip(" #")
    for end in [len(text), *(found.start() for found in re.finditer(r"[,:;] ", text))]:
        try:
            return ast.literal_eval(text[:end])
        except (ValueError, SyntaxError):
            continue
    return None


def run(code, namespace):
    """Run a snippet, then hold each expression to the value that the comment after it promises, about."""
    exec(compile(code, "snippet", "exec"), namespace)
    for node in ast.parse(code).body:
        comment = code.splitlines()[node.end_lineno - 1][node.end_col_offset :]
        if isinstance(node, ast.Expr) and promised(comment) is not None:
            value = eval(ast.unparse(node), namespace)
            assert value == pytest.approx(promised(comment), abs=0.05), ast.unparse(node)


WITH_PYTHON = [page for page in PAGES if blocks(page, "python", "py")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory: a folder with the sounds that the snippets name."""
    (tmp_path / "sounds" / "kit").mkdir(parents=True)
    shutil.copy(EXAMPLES / "kick_acoustic.wav", tmp_path / "kick.wav")
    (tmp_path / "loop.wav").write_bytes(encode(make_loop()[0]))
    shutil.copytree(ROOT / "model", tmp_path / "model")
    for name, place in [("kick_acoustic", "kit"), ("snare_acoustic", "kit"), ("clap_hands", ""), ("tom_acoustic", "")]:
        shutil.copy(EXAMPLES / f"{name}.wav", tmp_path / "sounds" / place)
    monkeypatch.chdir(tmp_path)
    keep_library_in(monkeypatch, tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_python_snippets_run(page, folder):
    namespace = {"__name__": "__main__"}  # one per page: each snippet continues where the one before ended
    for code in blocks(page, "python", "py"):
        if "cluster" in code:
            pytest.importorskip("distributed", reason="needs the cluster extra")
        run(code, namespace)


def test_python_is_found_where_it_is():
    assert {"README.md", "library.md", "scale.md"} <= {page.name for page in WITH_PYTHON}


def test_a_stale_comment_is_noticed():
    run('x = 0.972\nx  # 0.97, of the label\n(x > 1, "a")  # (False, "a"): no\nx  # what it says', {})
    with pytest.raises(AssertionError):
        run('"kick"  # "snare"', {})


@pytest.mark.parametrize("command", sorted({command for page in PAGES for command in commands(page)}))
def test_commands_are_understood(command, capsys):
    for words in variants(command):
        try:
            build_parser().parse_args(words)
        except SystemExit as end:  # also after --version
            assert end.code == 0, capsys.readouterr().err


def test_each_option_and_value_is_tried():
    assert variants('drumclf sort A [--copy|--move] [--n N] [--by "{n:03}"]') == [
        ["sort", "A"], ["sort", "A", "--copy"], ["sort", "A", "--move"], ["sort", "A", "--n", "1"],
        ["sort", "A", "--by", "{n:03}"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["README.md", "docs/command-line.md"])
def test_commands_run(name, folder):
    found = [command for command in commands(ROOT / name) if not FILES.isdisjoint(command.split())]
    assert found
    for command in found:
        assert main(shlex.split(command)[1:]) == 0, command


def test_every_option_is_in_the_docs(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")  # or help breaks lines at hyphens
    for command in ("classify", "hits", "sort", "undo", "library", "find", "serve"):
        with pytest.raises(SystemExit):
            build_parser().parse_args([command, "--help"])
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert set(OPTION.findall(capsys.readouterr().out)) - {"--help"} <= set(OPTION.findall(text))


def test_every_public_name_is_in_the_docs():
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    assert [name for name in drumclf.__all__ if not re.search(rf"\b{name}\b", text)] == []


@each_page
def test_snippets_import_from_the_package_itself(page):
    assert not [code for code in blocks(page, "python", "py") if re.search(r"(from|import) drumclf\.", code)]


@each_page
def test_named_targets_and_extras_exist(page):
    text = page.read_text(encoding="utf-8")
    shell = "\n".join(blocks(page, *SHELL))
    targets = set(re.findall(r"`make ([\w-]+)", text)) | set(re.findall(r"^make ([\w-]+)", shell, re.MULTILINE))
    assert targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    extras = {name for names in re.findall(r"pip install [^\n]*\[([\w,]+)\]", text) for name in names.split(",")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extras <= project["optional-dependencies"].keys()
