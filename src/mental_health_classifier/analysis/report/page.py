"""The report as one HTML file that asks nothing of any network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from mental_health_classifier.analysis.documents import allowed, beside_templates, html_page
from mental_health_classifier.analysis.report.contents import Report

SCRIPTS = tuple(
    f"scripts/{name}.js"
    for name in ("begin", "address", "filter", "tables", "curves", "differences", "links", "page")
)
"""In the order in which they run: each knows those before it."""


def report_page(report: Report) -> str:
    """The page. Whatever people named is escaped; nothing but its own script may run."""
    style, script = beside_templates("report.css"), "\n".join(map(beside_templates, SCRIPTS))
    return html_page(
        "report.html.j2",
        report=report,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        configurations=_embedded(report.differences),
        written=datetime.now(UTC).isoformat(timespec="minutes")[:16].replace("T", " "),
    )


def _policy(style: str, script: str) -> str:
    """Allows this page's own style and script by their hashes, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {allowed(style)}",
            f"script-src {allowed(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _embedded(value: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the element it stands in."""
    written = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)
