"""The script that ships is made from its source, is small, and is one script."""

import gzip
from pathlib import Path

import brotli

from chalicelib.snippet import ASSET, script
from infra.snippet import LIMIT, built, replaced


def test_the_script_is_as_new_as_its_source() -> None:
    assert ASSET.read_text() == built(), "dni.js is out of date: python -m infra.snippet"


def test_a_new_build_keeps_the_one_of_before_and_the_same_one_keeps_none(tmp_path: Path) -> None:
    asset, former = tmp_path / "dni.js", tmp_path / "dni"
    assert replaced("one()", asset, former) is None
    assert replaced("one()", asset, former) is None
    kept = replaced("two()", asset, former)
    assert kept is not None and kept.read_text() == "one()"
    assert (asset.read_text(), list(former.iterdir())) == ("two()", [kept])


def test_the_script_stays_small() -> None:
    content = script().content
    assert LIMIT == 4096
    assert len(gzip.compress(content, 9)) < LIMIT
    assert len(brotli.compress(content)) < LIMIT
    assert len(script().compressed) < LIMIT


def test_the_script_needs_nothing_that_a_strict_policy_forbids() -> None:
    text = ASSET.read_text()
    forbidden = ("eval(", "Function(", "innerHTML", "document.write", ".style", "cookie", "import(")
    assert [word for word in forbidden if word in text] == []
