"""The table of the session's state in page/chosen.py, against the code."""

import ast
import re
from collections import defaultdict

from conftest import ROOT

import page.chosen
import page.library

FILES = [ROOT / "app.py", ROOT / "library.py", *sorted((ROOT / "page").rglob("*.py"))]


def test_the_table_lists_every_key_with_who_writes_and_who_reads_it():
    """The modules of a page's library stand as one in the table of both pages, and each in their own table."""
    shared, own = documented(page.chosen), documented(page.library)
    of_library = {key: [{f"library/{name}" for name in names} for names in cells] for key, cells in own.items()}
    found = {key: list(cells) if key in own else [as_one(cell) for cell in cells] for key, cells in used().items()}
    assert shared | of_library == found
    assert not shared.keys() & own.keys()


def as_one(modules):
    return {"library" if name.startswith("library") else name for name in modules}


def documented(module):
    """Key -> the modules that write it and those that read it."""
    rows = re.findall(r"^(\S.*?) +\|.*?\| ([^|]*?) *\| ?(.*)$", module.__doc__, re.MULTILINE)
    split = {key: [set(filter(None, cell.split(", "))) for cell in cells] for key, *cells in rows}
    return {key: cells for key, cells in split.items() if key != "key" and not key.startswith("-")}


def used():
    written, read, of_widgets = defaultdict(set), defaultdict(set), defaultdict(set)
    for file in FILES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        module = file.relative_to(ROOT).with_suffix("").as_posix().removeprefix("page/")
        for node in ast.walk(tree):
            for key, is_write in accesses(node):
                (written if is_write else read)[name_of(key, tree)].add(module)
            for key in keys_of_widgets(node):
                of_widgets[name_of(key, tree)].add(module)
    return {
        key: (written.get(key, set()) | of_widgets.get(key, set()), read.get(key, set())) for key in {*written, *read}
    }


def accesses(node):
    """The keys, as expressions, that a node uses of the session's state, and whether it writes them."""
    match node:
        case ast.Attribute(value=state, attr=attr, ctx=ctx) if is_state(state) and not hasattr(dict, attr):
            yield ast.Constant(attr), isinstance(ctx, ast.Store)
        case ast.Subscript(value=state, slice=key, ctx=ctx) if is_state(state):
            yield key, isinstance(ctx, ast.Store)
        case ast.Call(func=ast.Attribute(value=state, attr=method), args=[key, *_]) if is_state(state):
            yield key, False
            if method == "setdefault":
                yield key, True


def keys_of_widgets(node):
    """The keys, as expressions, that a call gives to a widget; a container's key is for the style sheet alone."""
    if isinstance(node, ast.Call) and not ast.unparse(node.func).endswith("container"):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "key")


def is_state(node):
    return ast.unparse(node) in {"st.session_state", "state"}


def name_of(key, tree):
    """What the table calls a key: itself, or its first words and "..."."""
    match key:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=[ast.Constant(value=start), *_]):
            return f"{start.rstrip()} ..."
        case ast.Name(id=name):
            values = [node.value for node in ast.walk(tree) if is_assigned(node, name)]
            return name_of(values[0], tree) if values else None
        case ast.Call(func=ast.Name(id=name), args=args):
            functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
            if not functions:
                return None
            result = functions[0].body[-1].value
            first = result.values[0] if isinstance(result, ast.JoinedStr) else result
            is_parameter = isinstance(first, ast.FormattedValue)  # as in f"{widget} {n}"
            return f"{args[0].value} ..." if is_parameter else name_of(result, tree)
    return None


def is_assigned(node, name):
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
