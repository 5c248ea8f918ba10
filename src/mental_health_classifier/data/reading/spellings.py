"""Normal form of every cell that is a name: a class, an answer, an author, a level."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache

MISSING = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""Spellings of a missing value, those of `pandas.read_csv`; "none" is the name of a class."""
NOBODY = frozenset(
    {
        *("[deleted]", "[removed]", "deleted", "removed", "automoderator", "anonymous", "unknown"),
        *("none", "nan", "null", "n/a", "na", "<na>", "-", "?"),
    }
)
"""Folded names of authors who are no person, or of whom nobody knows who they are."""

_TRUTH = {True: ("yes", "on", "1"), False: ("no", "off", "0")}
_WHOLE_NUMBER = re.compile(r"([+-]?)0*(\d+)(?:\.0*|,0{1,2})?")
# Three digits after the comma, as in 1,000, can be thousands.
_DECIMAL_COMMA = re.compile(r"[+-]?(?:0,\d+|\d+,\d{1,2}|\d+,\d{4,})(?:e[+-]?\d+)?")
_AUTHOR_PREFIX = re.compile(r"^(?:/?u/|/user/|@)")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_IN_LIST = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"][^,'"]*)""")
_SEPARATORS = re.compile(r"\s*[;,|]\s*")
_LONGEST_LIST = 10_000
_RARE = 0.2
"""Share of the posts of a usual name that a misspelling of it has at most."""
_MISSPELT = 0.8
"""Least likeness of two spellings of a name, as difflib measures it."""
# Letters of other alphabets that look like Latin ones, in lower case (Unicode's confusables.txt).
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0501\u051b"
    "\u03bf\u03b1\u03c1\u03bd\u03b9\u03ba\u0131",
    "aeopcxyijsdqoapviki",
)


def folded(value: object) -> str:
    """One spelling for all that look the same: case, compatibility forms (full width, NFC and NFD),
    signs that cannot be seen, white space, dashes, and whole numbers (1, 1.0, 01)."""
    return _folded(str(value))


@lru_cache(4096)
def _folded(cell: str) -> str:
    if not cell.isascii():
        cell = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cell).casefold())
        cell = "".join(sign for sign in cell if unicodedata.category(sign) != "Cf")
        cell = _DASHES.sub("-", cell)
    cell = " ".join(cell.casefold().split())
    if number := _WHOLE_NUMBER.fullmatch(cell):
        sign = "-" if number[1] == "-" and number[2] != "0" else ""
        return sign + number[2]
    return cell


def spelled_as(name: object, names: Sequence[str]) -> str | None:
    """Which of the names one is that a configuration gives in whatever spelling; itself as text
    where it is none of them. YAML makes truth values of yes and no, true and false."""
    if name is None:
        return None
    by_fold = {folded(each): each for each in names}
    spellings = (str(name), *(_TRUTH[name] if isinstance(name, bool) else ()))
    return next((by_fold[s] for s in map(folded, spellings) if s in by_fold), str(name))


@lru_cache(4096)
def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    stripped = cell.strip()
    return not stripped or stripped in MISSING or not folded(cell)


@lru_cache(4096)
def folded_author(cell: str) -> str:
    """The same for an author, with u/NAME and @NAME for NAME; empty for NOBODY."""
    name = folded(_AUTHOR_PREFIX.sub("", folded(cell)))
    return "" if name in NOBODY or is_missing(cell) else name


def skeleton(name: str) -> str:
    """Equal for names that a reader may take for one another: accents and letters of other
    alphabets make no difference."""
    plain = unicodedata.normalize("NFKD", folded(name).translate(_LOOK_ALIKES))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Different names of classes of which a reader may take one for another: by `skeleton`, or
    because they differ in signs that are neither letters nor digits."""
    by_look: dict[str, list[str]] = {}
    for name in names:
        look = skeleton(name)
        by_look.setdefault("".join(filter(str.isalnum, look)) or look, []).append(name)
    return [alike for alike in by_look.values() if len(alike) > 1]


def misspellings(counts: Mapping[str, int]) -> dict[str, str]:
    """Rare names that are hardly other letters than a usual one, each with that one.

    Args:
        counts: of each name, the largest first.
    """
    found = {}
    for name, count in counts.items():
        usual = [each for each, number in counts.items() if count <= _RARE * number]
        letters = "".join(filter(str.isalpha, name))
        for alike in get_close_matches(name, usual, n=1, cutoff=_MISSPELT):
            # Names that differ in a number, such as level 1 and level 2, are not misspelt.
            if letters != "".join(filter(str.isalpha, alike)):
                found[name] = alike
    return found


def num_look_alikes(authors: Iterable[str]) -> int:
    """How many of different authors a reader may take for another one. Only names with signs
    beyond ASCII can be, for the others differ in what is typed."""
    names = set(map(folded_author, authors))
    looks = {name: skeleton(name) for name in names if not name.isascii()}
    counts = Counter(looks.values())
    return sum(counts[look] > 1 or (look != name and look in names) for name, look in looks.items())


def with_decimal_point(cell: str) -> str:
    """A folded number, with a point where it has a comma that can only be a decimal one."""
    number = folded(cell)
    return number.replace(",", ".") if _DECIMAL_COMMA.fullmatch(number) else number


def names_in_list(cell: str) -> list[str] | None:
    """The names in a list as Python, JSON or NumPy write it: ['a', 'b'], ["a"], [0 1]. None: the
    cell is no list."""
    cell = cell.strip()
    if len(cell) > _LONGEST_LIST or cell[:1] + cell[-1:] not in ("[]", "()", "{}"):
        return None
    inner = cell[1:-1]
    if not any(sign in inner for sign in ",'\""):
        # NumPy has spaces between the items, and so a single item of several words is taken apart.
        found = inner.split()
    else:
        found = [
            re.sub(r"\\(.)", r"\1", match[1] or match[2] or (match[3] or "").strip())
            for match in _IN_LIST.finditer(inner)
        ]
    return [name for name in found if not is_missing(name)]


def folded_list(cell: str) -> str:
    """A cell of several names as `MultiLabel` reads it, with semicolons between folded names."""
    names = names_in_list(cell)
    if names is None:
        return ";".join(map(folded, re.split(r"[;,|]", cell)))
    return ";".join(_SEPARATORS.sub(" ", folded(name)) for name in names) or "none"
