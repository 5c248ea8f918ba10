"""Text that a spreadsheet shows and does not run."""

from __future__ import annotations

import re

_BEGINS_A_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def inert(cell: str) -> str:
    """A text that Excel and its like would take for a formula, behind an apostrophe.

    A cell of somebody else's file such as `=HYPERLINK(...)` is computed as soon as a table with it
    is opened, and can send other cells away. Quotes around a cell do not help; an apostrophe before
    it does. Numbers stay as they are, and so does everything else; taking one apostrophe away gives
    the text back, because one that begins with apostrophes before such a sign gets another.

    Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    if _BEGINS_A_FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
