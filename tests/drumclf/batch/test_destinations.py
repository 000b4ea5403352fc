import io
import string
import unicodedata
import zipfile
from pathlib import PurePosixPath

import pytest
from command_steps import KICK
from hypothesis import given, settings
from hypothesis import strategies as st

from drumclf.batch.destinations import PatternError, check_pattern, destinations
from drumclf.batch.exports import sorted_zip
from drumclf.batch.pack import Pack
from drumclf.names import safe_name

NAMES = [
    "con.wav", "CON", "nul.tar.wav", "a" * 300 + ".wav", "a" * 300 + "b.wav", "鼓" * 99,
    "not sure", "not sure/_", "Crash", "_", "1",
]  # fmt: skip
PATTERNS = [
    "{name}",
    "{class}_{n:03}",
    "{n}",
    "{folder} {name}",
    "{name}{name}-{n}",
    "{{{n}}}",
    "{class} {name:}",
    "{kind}/{name}",
    "{n}/{kind}/{name}",
    "{folder}/{name}",
]


def same(path):
    return unicodedata.normalize("NFC", str(path)).casefold()


def files_and_folders(places):
    """Paths as a disk sees them that ignores case."""
    return {same(p) for p in places}, {same(folder) for p in places for folder in PurePosixPath(p).parents}


@settings(max_examples=200, deadline=None)
@given(
    sounds=st.lists(
        st.tuples(
            st.text(
                alphabet=st.one_of(st.sampled_from("aAäß\u0131K./\\ :?\0\udcff\u202e\u0301\u212a"), st.characters())
            )
            | st.sampled_from(NAMES),
            st.sampled_from(["kick", "Kick", "closed_hat", "../x", "con"]),
            st.booleans(),
            st.sampled_from([None, "crash", "../x"]),
        ),
        max_size=30,
    ),
    pattern=st.sampled_from(PATTERNS),
    existing=st.sets(st.sampled_from(["kick", "kick/con_.wav", "kick/not sure", "kick/crash", "kick/_", "kick/1"])),
)
def test_destinations_are_safe_and_never_the_same(sounds, pattern, existing):
    places = list(destinations(sounds, pattern, existing.__contains__, existing.__contains__))
    assert len(places) == len(sounds)
    files, folders = files_and_folders(places)
    assert len(files) == len(places)
    assert files.isdisjoint(folders)
    assert existing.isdisjoint({*places, *(str(folder) for place in places for folder in PurePosixPath(place).parents)})
    assert places == list(destinations(sounds, pattern, existing.__contains__, existing.__contains__))
    for place, (_, _, is_sure, kind) in zip(places, sounds, strict=True):
        *folders, name = place.split("/")
        made = [part for part in pattern.split("/")[:-1] if kind is not None or part != "{kind}"]
        assert len(folders) == (1 if is_sure else 2) + len(made)
        for part in (*folders, name):
            assert 1 <= len(part.encode()) <= 255
            assert part not in (".", "..")
            assert not set(part) & set('<>:"\\|?*\0\u202e')
            assert part == part.rstrip(". ")  # Windows drops these, so two names could become one


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{name}", ["kick/a.wav", "kick/a (2).wav", "kick/not sure/a.wav", "snare/a.WAV", "snare/a (2).wav"]),
        ("{class}_{n:03}", ["kick/kick_001.wav", "kick/kick_002.wav", "kick/not sure/kick_003.wav",
                            "snare/snare_001.WAV", "snare/snare_002.wav"]),
        ("{folder}-{n}", ["kick/x-1.wav", "kick/y-2.wav", "kick/not sure/z-3.wav", "snare/x-1.WAV", "snare/_-2.wav"]),
    ],
)  # fmt: skip
def test_names_by_a_pattern(pattern, names):
    sounds = [("x/a.wav", "kick", True, None), ("y/a.wav", "kick", True, None), ("x\\z\\a.wav", "kick", False, None)]
    sounds += [("x/a.WAV", "snare", True, None), ("../a.wav", "snare", True, None)]
    expected = [name.replace("_-2", "-2") if pattern.startswith("{folder}") else name for name in names]
    assert list(destinations(sounds, pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "places"),
    [
        ("{kind}/{name}", ["percussion/cowbell/a.wav", "percussion/b.wav", "percussion/not sure/c.wav"]),
        ("{kind}_{n}", ["percussion/cowbell_1.wav", "percussion/percussion_2.wav",
                        "percussion/not sure/percussion_3.wav"]),
        ("{folder}/{kind} {n}", ["percussion/x/cowbell 1.wav", "percussion/y/percussion 2.wav",
                                 "percussion/not sure/_/percussion 3.wav"]),
        ("../{name}", ["percussion/_/a.wav", "percussion/_/b.wav", "percussion/not sure/_/c.wav"]),
    ],
)  # fmt: skip
def test_a_pattern_makes_folders_for_kinds(pattern, places):
    sounds = [("x/a.wav", "percussion", True, "cowbell"), ("y/b.wav", "percussion", True, None)]
    sounds += [("c.wav", "percussion", False, None)]
    assert list(destinations(sounds, pattern)) == places


@pytest.mark.parametrize(
    ("pattern", "file", "inside", "places"),
    [
        ("{name}", ("not sure", "kick", True, None), ("b.wav", "kick", False, None),
         ["kick/not sure (2)", "kick/not sure/b.wav"]),
        ("{name}", ("NOT SURE", "kick", True, None), ("b.wav", "kick", False, None),
         ["kick/NOT SURE (2)", "kick/not sure/b.wav"]),
        ("{kind}/{name}", ("Mac kit/Cowbell", "percussion", True, None), ("b.wav", "percussion", True, "cowbell"),
         ["percussion/Cowbell (2)", "percussion/cowbell/b.wav"]),
        ("{folder}/{name}", ("not sure/_", "kick", True, None), ("b.wav", "kick", False, None),
         ["kick/not sure/_ (2)", "kick/not sure/_/b.wav"]),
    ],
)  # fmt: skip
def test_no_file_gets_the_path_of_a_folder(pattern, file, inside, places):
    assert list(destinations([file, inside], pattern)) == places
    assert list(destinations([inside, file], pattern)) == places[::-1]


def test_no_run_makes_a_folder_of_a_file_or_a_file_of_a_folder_of_an_earlier_one():
    loud, soft = ("Cowbell", "percussion", True, None), ("b.wav", "percussion", True, "Cowbell")
    there = {"percussion/Cowbell"}.__contains__
    assert list(destinations([soft], "{kind}/{name}", there, there)) == ["percussion/Cowbell (2)/b.wav"]
    assert list(destinations([loud], "{kind}/{name}", there)) == ["percussion/Cowbell (2)"]
    assert list(destinations([("a.wav", "kick", True, None)], is_file={"kick"}.__contains__)) == ["kick (2)/a.wav"]
    # No later run finds a file where the sounds belong that the model is not sure about.
    assert list(destinations([("not sure", "kick", True, None)])) == ["kick/not sure (2)"]


@pytest.mark.parametrize("names", [("not sure", "b.wav"), ("b.wav", "not sure")])
def test_a_sorted_zip_with_a_sound_named_like_a_folder_unpacks(names, classifier, tmp_path, monkeypatch):
    pack = Pack([(name, KICK) for name in names])
    list(pack.classify_on(classifier))
    monkeypatch.setattr(pack, "is_sure", lambda i: names[i] == "not sure")
    with zipfile.ZipFile(io.BytesIO(sorted_zip(pack))) as archive:
        archive.extractall(tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"kick/not sure (2)", "kick/not sure/b.wav"}


def test_numbers_go_on_past_names_that_are_taken():
    taken = {f"kick/kick_{n:03}.wav" for n in (1, 2, 4)}
    sounds = [("a.wav", "kick", True, None)] * 3
    places = list(destinations(sounds, "{class}_{n:03}", taken.__contains__))
    assert places == [f"kick/kick_{n:03}.wav" for n in (3, 5, 6)]
    assert list(destinations(sounds[:1], taken={"kick/a.wav", "kick/a (2).wav"}.__contains__)) == ["kick/a (3).wav"]


def test_long_names_that_begin_alike_stay_two():
    sounds = [(f"{'n' * 250} {i}.wav", "kick", True, None) for i in range(3)]
    for pattern in ("{name}", "{name} {n}"):
        places = list(destinations(sounds, pattern))
        assert [place[-8:] for place in places] == ["nnnn.wav", " (2).wav", " (3).wav"]
        assert {len(place) for place in places} <= {len("kick/") + 200}


def test_thousands_of_sounds_of_one_name_ask_once_for_each_place():
    asked = []
    places = list(destinations([("a.wav", "kick", True, None)] * 3_000, taken=asked.append))
    assert places[-1] == "kick/a (3000).wav"
    assert len(asked) < 4 * 3_000  # not every place again for every sound


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("con", "_con.wav"), ("Aux", "_Aux.wav"), ("nul.tar", "_nul.tar.wav"), ("com7", "_com7.wav"),
        ("COM²", "_COM².wav"), ("lpt1 ", "_lpt1.wav"), ("con .x", "_con .x.wav"), ("console", "console.wav"),
        ("..", "_.wav"), ("", "_.wav"), (". .con", "_con.wav"), ("a/b\\c:d", "a_b_c_d.wav"), ("\udcff", "_.wav"),
        ("cafe\u0301", "caf\u00e9.wav"), ("gnp\u202e3pm", "gnp_3pm.wav"),
    ],
)  # fmt: skip
def test_names_that_some_system_does_not_take(stem, name):
    assert safe_name(stem, ".wav") == name


@pytest.mark.parametrize(
    "pattern",
    [
        "{class.__init__}", "{n.real}", "{name[0]}", "{0}", "{}", "{unknown}{n}", "{n:9999999999}", "{n:1000}",
        "{n:>99}", "{n:{name}}", "{n:x}", "{n:²}", "{n:٣}", "{name:5}", "{n!r}", "{name!s}", "{n", "n}", "{n}}", "{n!",
        "{", "}", "", "kick", "{class}", "{{n}}",
    ],
)  # fmt: skip
def test_patterns_that_are_none(pattern):
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value).endswith((".", "{n:03}"))
    with pytest.raises(PatternError):
        list(destinations([("a.wav", "kick", True, None)], pattern))


@given(
    st.text(alphabet=string.printable)
    | st.lists(st.sampled_from([*"{}:!.[]03x", "{n", "n", "name", "class", "{n:03}"])).map("".join)
)
def test_a_pattern_names_sounds_or_is_refused(pattern):
    try:
        check_pattern(pattern)
    except PatternError:
        return
    assert len(set(destinations([("a.wav", "kick", True, None)] * 3, pattern))) == 3
