"""How does the readable snippet become the file that pages load?

Owns joining the parts of `snippet/` into one function and making it small, and keeping the build of
before. The results are committed, and a test fails when the current one is older than its source.
Run it as `python -m infra.snippet`.
"""

import gzip
from pathlib import Path

import minify

from chalicelib.snippet import ASSET, FORMER, read
from infra.stage import Stopped

SOURCE = Path(__file__).parent.parent / "snippet"
# One scope holds them all, so each may use what stands before it.
PARTS = ("tag.js", "numbers.js", "page.js", "visit.js", "dni.js")
# Compressed bytes that a page may be asked to load; fewer than this.
LIMIT = 4096


def built() -> str:
    """The whole snippet, minified. Raises Stopped where the source is no JavaScript, or is too
    much of it."""
    parts = "\n".join((SOURCE / part).read_text() for part in PARTS)
    try:
        script: str = minify.string("text/javascript", f"(()=>{{'use strict';\n{parts}}})()")
    except minify.MinifyError as error:
        raise Stopped(
            f"snippet/ is not JavaScript: {error}. Mend it and run this again."
        ) from error
    size = len(gzip.compress(script.encode(), 9))
    if size >= LIMIT:
        raise Stopped(f"The snippet has {size:,} bytes compressed; it must stay under {LIMIT:,}.")
    return script


def replaced(script: str, asset: Path, former: Path) -> Path | None:
    """Write the file; where it held another build, that one is kept in `former` under its version,
    because pages pin it. Returns where."""
    kept = None
    if asset.exists() and asset.read_text() != script:
        before = read(asset)
        kept = former / f"{before.version}.js"
        former.mkdir(exist_ok=True)
        kept.write_bytes(before.content)
    asset.write_text(script)
    return kept


def main() -> None:
    """Write the file, and keep the one of before."""
    script = built()
    kept = replaced(script, ASSET, FORMER)
    size = len(gzip.compress(script.encode(), 9))
    print(f"wrote {ASSET.name}: {len(script.encode()):,} bytes, {size:,} compressed")
    if kept is not None:
        print(f"kept the one of before as {FORMER.name}/{kept.name}; remove it if no page has it")
    print("Next: look at the difference with git diff, and commit it.")


if __name__ == "__main__":
    main()
