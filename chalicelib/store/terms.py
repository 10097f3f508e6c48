"""How do the former versions of terms stay readable?

Owns the rows that keep each version, apart from the partition of their owner, which every decision
reads whole, and the versions that were in force at a moment. When a version is new belongs to the
catalog's flow.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.fitting_terms import Owner, Said, terms_said
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Action, Change, Key, Put, Rows
from chalicelib.terms import TermsVersion


def terms_put(owner: Owner) -> Put:
    """The row of the terms as the thing says them now; refused when that version is kept."""
    key = _key(owner.id, owner.terms_version)
    return Put(CATALOG, {"pk": key.pk, "sk": key.sk, "doc": codec.to_json(_said(owner))})


def first_terms(thing: object) -> list[Action]:
    """The row of a new thing's terms; none for one that says none."""
    return [terms_put(thing)] if isinstance(thing, Owner) else []


def new_terms(before: object, after: object) -> list[Action]:
    """The rows of a change of terms: the new version, and the one before, which a thing made by an
    earlier release has no row for."""
    if not isinstance(before, Owner) or not isinstance(after, Owner):
        return []
    if before.terms_version == after.terms_version:
        return []
    former = Change(
        key=_key(before.id, before.terms_version), set={("doc",): codec.to_json(_said(before))}
    )
    return [former, terms_put(after)]


def find_terms(rows: Rows, owner: Owner, version: int) -> Said | None:
    """What the thing said of terms in a version of them; None when there was no such version."""
    if version == owner.terms_version:
        return _said(owner)
    wanted = TermsVersion(owner_id=owner.id, version=version)
    return read_versions(rows, (wanted,)).get(wanted)


def terms_at(
    rows: Rows, versions: Sequence[TermsVersion], moment: datetime
) -> dict[TermsVersion, Said] | None:
    """What each of the owners said at `moment`, by the version that was in force then; None where
    one of them was not kept. Nearly always the versions given are those, and nothing is read."""
    standing = tuple(versions)
    while any(_later(one, moment) for one in standing):
        former = [replace(one, version=one.version - 1) for one in standing if _later(one, moment)]
        found = read_versions(rows, former)
        if len(found) < len(former):
            return None
        earlier = {one.owner_id: replace(one, since=found[one].since) for one in former}
        standing = tuple(earlier.get(one.owner_id, one) for one in standing)
    if standing == tuple(versions):
        return {}
    said = read_versions(rows, standing)
    return said if len(said) == len(standing) else None


def read_versions(rows: Rows, versions: Sequence[TermsVersion]) -> dict[TermsVersion, Said]:
    """What was said in those of the versions that are kept."""
    keys = {one: _key(one.owner_id, one.version) for one in versions}
    found, _ = rows.gather(list(keys.values()))
    return {one: codec.from_json(Said, found[key]["doc"]) for one, key in keys.items()
            if key in found}  # fmt: skip


def _later(one: TermsVersion, moment: datetime) -> bool:
    return one.since is not None and one.since > moment


def _said(owner: Owner) -> Said:
    return replace(terms_said(owner), since=owner.terms_since)


def _key(owner_id: str, version: int) -> Key:
    return Key(CATALOG, f"TERMS#{owner_id}", str(version))
