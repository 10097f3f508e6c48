"""The pages that are made from the code are as new as the code."""

from chalicelib import attribution, findings, reasons
from infra.reference import pages


def test_every_generated_page_says_what_the_code_says() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, f"{path.name} is out of date: python -m infra.reference"


def test_every_reason_has_a_meaning() -> None:
    assert set(reasons.MEANING) == set(reasons.Reason)
    assert set(findings.MEANING) == set(findings.Denial)
    assert set(attribution.MEANING) == set(attribution.NoVisit)
