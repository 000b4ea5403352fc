import pytest

from tools.pictures import structure


def test_the_picture_shows_the_code_as_it_is():
    drawn = structure.draw(*structure.read_structure())
    assert structure.PICTURE.read_text(encoding="utf-8") == drawn, "out of date: make architecture"


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="circle"):
        structure.draw({"a", "b", "c"}, {("a", "b"), ("b", "c"), ("c", "b")})


def test_arrows_that_others_imply_are_left_out():
    assert structure._shortest({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}
