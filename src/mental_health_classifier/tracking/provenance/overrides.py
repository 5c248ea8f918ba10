"""Checks of overrides that come from a record."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mental_health_classifier.contracts import InputError

# KEY, GROUP or GROUP@PACKAGE, as Hydra reads them.
_NAMED = re.compile(r"[+~]{0,2}\w[\w./-]*(?:@\w[\w.]*)?")
_PART = re.compile(r"[+~@./]")
# Beginnings of a path that leads out of the folder it is put into: `../`, `/`, `~`.
_OUTWARDS = re.compile(r"""(?:^|(?<=[\s'"\[{(,:=/]))(?:\.\.(?![^/\s'"\]}),])|[~/](?=[\w.~/]))""")
_CONSTRUCTION = re.compile(r"_(?:target|args|partial|recursive|convert)_")
_READ_ONLY = re.compile(
    r"data\.(?!cache_dir\b)[\w.]+|cache_dir|clinical\.vocabulary\.path|sampler\.difficulty\.run"
    r"|model\.encoder"
)


def refuse_what_is_not_plain(overrides: Iterable[str], *, of: str, is_trusted: bool) -> None:
    """Makes sure that overrides which came with a record may be given again.

    Args:
        of: how messages call the record.
        is_trusted: whether they may name code, and folders to write to.

    Raises:
        InputError: one is not about a run alone, or is not plain and the record is not trusted.
    """
    for override in overrides:
        if not is_of_a_run(override):
            raise InputError(f"{of} has the override {override}, which is not run again.")
        if not is_trusted and not is_plain(override):
            raise InputError(
                f"{of} has the override {override}, which can name code or a folder outside of "
                "this checkout. If you know why it is there, give --trust to run it."
            )


def is_of_a_run(override: str) -> bool:
    """Whether `KEY=VALUE` is about a run alone, and neither about Hydra nor an option.

    Hydra itself builds what stands below hydra/, without a list of what may be built.
    """
    name, _, _ = override.partition("=")
    return _NAMED.fullmatch(name) is not None and "hydra" not in _PART.split(name)


def is_plain(override: str) -> bool:
    """Whether `KEY=VALUE` only sets a value or chooses a file of conf/.

    An override can also name a function to be called, a file outside of conf/ that does, a folder
    to write to, or a text from which any of these is put together (`${oc.decode:...}`).
    """
    name, _, value = override.partition("=")
    name = name.lstrip("+~")
    return (
        ".." not in name
        and "//" not in name
        and "${" not in override
        and _CONSTRUCTION.search(override) is None
        # Hydra looks for a file of a group wherever the value leads; what the others name is read
        # as a table, a vocabulary, a record or an encoder.
        and (_READ_ONLY.fullmatch(name) is not None or _OUTWARDS.search(value) is None)
    )
