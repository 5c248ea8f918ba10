"""The report as one HTML file that asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mental_health_classifier.analysis.documents import PACKAGE, html_page
from mental_health_classifier.analysis.report.contents import Report
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import write_atomically


def check_output(path: Path, *, is_replaced: bool) -> None:
    """Refuses a place that a report cannot be written to, before anything is worked out.

    Raises:
        InputError: the file exists and is not to be replaced, or is a folder.
    """
    if path.is_dir():
        raise InputError(f"--output={path} is a folder. Name a file, such as {path}/report.html.")
    if path.exists() and not is_replaced:
        raise InputError(
            f"--output={path}: the file exists and is not replaced. Name another one, or give "
            "--force."
        )


def write_report(report: Report, path: Path) -> None:
    """Writes the page, whole or not at all.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        write_atomically(path, report_page(report))
    except OSError as error:
        raise InputError(f"--output={path} cannot be written: {error.strerror}.") from None


def report_page(report: Report) -> str:
    """The page. Whatever people named is escaped; nothing but its own script may run."""
    style, script = _own("report.css"), _own("report.js")
    return html_page(
        "report.html.j2",
        report=report,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        configurations=_embedded(report.configurations),
        written=datetime.now(UTC).isoformat(timespec="minutes")[:16].replace("T", " "),
    )


def _policy(style: str, script: str) -> str:
    """Allows this page's own style and script by their hashes, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _embedded(value: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the element it stands in."""
    written = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)


def _own(name: str) -> str:
    return files(PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")
