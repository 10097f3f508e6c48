"""The tag that pages carry, and the answer with the script."""

import base64
import gzip
import hashlib
import json
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import urljoin

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.pools import Touch
from chalicelib.snippet import FORMER, Reply, TagOptions, answer, former, script, tag


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def parsed(written: str) -> dict[str, str | None]:
    """The attributes of the one element that this is."""
    parser = _Tags()
    parser.feed(written)
    ((name, attributes),) = parser.seen
    assert name == "script"
    return attributes


def answered(path: str, accept_encoding: str = "") -> Reply:
    reply = answer(path, accept_encoding)
    assert reply is not None
    return reply


def test_the_version_and_the_integrity_are_those_of_the_bytes() -> None:
    current = script()
    digest = base64.b64encode(hashlib.sha384(current.content).digest()).decode()
    assert current.version == hashlib.sha256(current.content).hexdigest()[:12]
    assert current.integrity == f"sha384-{digest}"
    assert gzip.decompress(current.compressed) == current.content


def test_the_plain_tag_says_no_more_than_it_must() -> None:
    assert parsed(tag("https://dni.example", "site_1")) == {
        "async": None,
        "src": f"https://dni.example{script().path}",
        "integrity": script().integrity,
        "crossorigin": "anonymous",
        "data-site": "site_1",
    }


def test_every_option_is_an_attribute() -> None:
    options = TagOptions(
        consent_required=True, honour_gpc=True, honour_dnt=True, touch=Touch.FIRST,
        tag_names=("agent", "plan"), frames=True,
    )  # fmt: skip
    said = parsed(tag("https://dni.example/", "site_1", options))
    assert said["src"] == f"https://dni.example{script().path}"
    assert {name: said[name] for name in said if name.startswith("data-")} == {
        "data-site": "site_1",
        "data-consent": "required",
        "data-privacy": "gpc dnt",
        "data-touch": "first",
        "data-tags": "agent plan",
        "data-frames": None,
    }


@given(site=st.text(), name=st.text())
def test_no_text_breaks_out_of_the_tag(site: str, name: str) -> None:
    written = tag("https://dni.example", site, TagOptions(tag_names=(name,)))
    assert written.count("<") == written.count(">") == 2
    assert written.startswith("<script ") and written.endswith("></script>")
    assert written.count('"') % 2 == 0 and "'" not in written


def test_the_current_version_may_be_kept_for_a_year_by_every_page() -> None:
    reply = answered(script().path)
    assert reply.status is HTTPStatus.OK
    assert reply.body == script().content
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Encoding" not in reply.headers


def test_it_is_compressed_for_those_who_take_it() -> None:
    for accepts in ("gzip", "br, GZIP;q=0.8", "deflate, gzip;q=0.05"):
        reply = answered(script().path, accepts)
        assert reply.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(reply.body) == script().content
        assert reply.headers["ETag"] != answered(script().path).headers["ETag"]
    for accepts in ("", "br", "gzip;q=0", "gzip; q=0.0, br"):
        reply = answered(script().path, accepts)
        assert reply.body == script().content
        assert reply.headers["Vary"] == "Accept-Encoding"


def test_a_build_of_before_is_handed_out_as_the_current_one_is() -> None:
    kept = [file.stem for file in FORMER.glob("*.js")]
    assert kept
    for version in kept:
        build = former(version)
        assert build is not None and build.version == version, "it is named by its content"
        assert version != script().version
        reply = answered(build.path, "gzip")
        assert (reply.status, gzip.decompress(reply.body)) == (HTTPStatus.OK, build.content)
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_version_that_never_was_leads_to_the_current_one_and_not_for_long() -> None:
    reply = answered("/dni-0123456789ab.js", "gzip")
    assert reply.status is HTTPStatus.FOUND
    assert urljoin("https://dni.example/a/dni-0.js", reply.headers["Location"]) == (
        f"https://dni.example/a{script().path}"
    )
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(reply.body)["status"] == 302


def test_what_is_no_script_has_no_answer_here() -> None:
    for path in ("/", "/visits", "/dni.js", "/dni-0123.js", "/dni-0123456789AB.js", "/x/dni-.js"):
        assert answer(path) is None
        assert answer(f"{script().path}/..") is None
