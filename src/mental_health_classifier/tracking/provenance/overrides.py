"""Overrides of a configuration that come from a record, which is data."""

from __future__ import annotations

import re

# KEY, GROUP or GROUP@PACKAGE, as Hydra reads them.
_NAMED = re.compile(r"[+~]{0,2}\w[\w./-]*(?:@\w[\w.]*)?")
_PART = re.compile(r"[+~@./]")
# Beginnings of a path that leads out of the folder it is put into: `../`, `/`, `~`.
_OUTWARDS = re.compile(r"""(?:^|(?<=[\s'"\[{(,:=/]))(?:\.\.(?![^/\s'"\]}),])|[~/](?=[\w.~/]))""")
_CONSTRUCTION = re.compile(r"_(?:target|args|partial|recursive|convert)_")
_READ_ONLY = re.compile(r"data\.(?!cache_dir\b)[\w.]+|cache_dir")


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
        # Hydra looks for a file of a group wherever the value leads; a table of posts is read only.
        and (_READ_ONLY.fullmatch(name) is not None or _OUTWARDS.search(value) is None)
    )
