"""Archives that somebody made with a purpose, or that were damaged on the way."""

import gzip
import io
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from written_runs import write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.archives import Limits, pack, unpack
from mental_health_classifier.tracking.keeping.run_archive import import_run
from mental_health_classifier.tracking.run_index import find_runs

LIMITS = Limits(members=50, bytes=2**20, ratio=20, always_allowed=2**16)

PARTS = st.sampled_from(
    [
        *("run", "RUN", "run.json", "attempts", "001", "end.json", "lock", "members", "a\nb"),
        *("..", ".", "", "/", "\0", "~", "C:\\x", "x" * 256, "\udcff\udcfe", "ä", "a\u0308"),
        *("字" * 90, "\x1b[31m", "-rf", ".tmp-0123456789abcdef", "/etc", "nul"),
    ]
)
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join) | st.text(max_size=300)
NUMBERS = st.sampled_from([0, 1, 511, 512, 513, 2**16, 2**33, -1, -512, 10**18])
TYPES = st.sampled_from([bytes([code]) for code in b"0012345567gxLKSNVX\0"])
TIMES = st.sampled_from(["nan", "inf", "-inf", "-1", "1e400", "soon", ""])
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("path", "size", "mtime", "linkpath", "uid", "hdrcharset", "comment"),
            *("GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.realsize", "GNU.sparse.map"),
        ]
    ),
    NAMES | TIMES | NUMBERS.map(str),
    max_size=4,
)


def block_of(name: bytes, *, kind: bytes, size: int, mode: int, link: bytes = b"") -> bytes:
    def number(value: int, width: int) -> bytes:
        if 0 <= value < 8 ** (width - 1):
            return b"%0*o\0" % (width - 1, value)
        return (value % 256**width | 0x80 << 8 * (width - 1)).to_bytes(width + 1, "big")[-width:]

    fields = (name[:100], number(mode, 8), number(0, 8), number(0, 8), number(size, 12))
    rest = (number(0, 12), b" " * 8, kind, link[:100], b"ustar\x0000")
    block = bytearray(struct.pack("100s8s8s8s12s12s8sc100s8s247x", *fields, *rest))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def extended(headers: dict[str, str]) -> bytes:
    records = b""
    for key, value in headers.items():
        body = f" {key}={value}\n".encode("utf-8", "surrogateescape")
        length = len(body) + len(str(len(body) + 3))
        records += str(length).encode() + body
    return block_of(b"pax", kind=b"x", size=len(records), mode=0o644) + padded(records)


@st.composite
def members(draw: st.DrawFn) -> bytes:
    name = draw(NAMES)
    inside = draw(st.booleans())
    encoded = (f"run/{name}" if inside else name).encode("utf-8", "surrogateescape")
    content = draw(st.binary(max_size=600) | st.just(bytes(2**17)))
    size = draw(st.just(len(content)) | st.just(len(content)) | NUMBERS)
    before = extended(draw(HEADERS)) if draw(st.booleans()) else b""
    kind = draw(st.sampled_from([b"0", b"0", b"5"]) | TYPES)
    link = draw(st.sampled_from([b"", b"/etc/passwd", b"../../out", b"run"]))
    header = block_of(encoded, kind=kind, size=size, mode=draw(st.integers(0, 0o7777)), link=link)
    return before + header + padded(content)


def written(name: str, content: bytes) -> bytes:
    block = block_of(f"run/{name}".encode(), kind=b"0", size=len(content), mode=0o644)
    return block + padded(content)


def real_run() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        directory = write_run(Path(folder, "run"))
        pack(directory, Path(folder, "run.tar.gz"))
        return Path(folder, "run.tar.gz").read_bytes()


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A run's archive with members before and after it, cut, changed, nested or of another kind."""
    whole = gzip.decompress(RUN)
    content = whole.rstrip(b"\0")
    content = padded(content)
    for member in draw(st.lists(members(), max_size=3)):
        content = member + content if draw(st.booleans()) else content + member
    content += b"".join([draw(members())] * draw(st.sampled_from([0, 0, 0, 2, 60])))
    content += draw(st.sampled_from([bytes(1024)] * 4 + [b"", bytes(512), bytes(1024) + b"more"]))
    if draw(st.integers(0, 3)) == 0:
        changed = bytearray(content)
        for _ in range(draw(st.integers(1, 4))):
            changed[draw(st.integers(0, len(content) - 1))] ^= 1 << draw(st.integers(0, 7))
        content = bytes(changed)
    packed = gzip.compress(content, 1)
    match draw(
        st.sampled_from(["as it is"] * 4 + ["cut", "changed", "more", "twice", "plain", "zip"])
    ):
        case "cut":
            return packed[: draw(st.integers(0, len(packed)))]
        case "changed":
            place = draw(st.integers(0, len(packed) - 1))
            return packed[:place] + bytes([packed[place] ^ 0x41]) + packed[place + 1 :]
        case "more":
            return packed + draw(st.binary(min_size=1, max_size=20) | st.just(packed))
        case "twice":
            return gzip.compress(packed)
        case "plain":
            return content
        case "zip":
            with io.BytesIO() as file:
                with zipfile.ZipFile(file, "w") as archive:
                    archive.writestr("run/run.json", content[:100])
                return file.getvalue()
    return packed


RUN = real_run()


def try_import(content: bytes) -> None:
    """An import, of which nothing is left unless it is whole, and nothing anywhere else."""
    with tempfile.TemporaryDirectory() as folder:
        archive, root = Path(folder, "run.tar.gz"), Path(folder, "a", "b", "outputs")
        archive.write_bytes(content)
        try:
            try:
                found = import_run(archive, root, LIMITS)
            except InputError as refusal:
                assert "\n" not in str(refusal) and "\x1b" not in str(refusal)
                raise
            assert [run.directory for run in find_runs([root])] == [found.directory]
            assert len(list(root.glob("imported/*"))) == 1
        except InputError:
            left = [path for path in root.rglob("*") if path != root / "imported"]
            assert left == [], "nothing half imported stays"
            raise
        finally:
            assert {path.name for path in Path(folder).iterdir()} <= {"run.tar.gz", "a"}
            assert [path.name for path in Path(folder, "a").iterdir()] == ["b"]
            assert [path.name for path in Path(folder, "a", "b").iterdir()] == ["outputs"]


def test_any_archive_is_imported_whole_or_refused_with_a_sentence(try_many) -> None:
    tally = try_many(archives(), try_import, number=80)
    assert tally.accepted and tally.clear


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_archives_are_imported_whole_or_refused_with_a_sentence(try_many) -> None:
    assert try_many(archives(), try_import, number=200).accepted


def test_a_written_member_is_read_as_it_was_written(tmp_path: Path) -> None:
    """So that what the other tests make are archives."""
    content = written("one", b"first") + extended({"path": "run/two"}) + written("x", b"second")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(content + bytes(1024)))
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert tar.getnames() == ["run/one", "run/two"]
    unpack(tmp_path / "a.tar.gz", tmp_path / "run")
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == {
        "one": b"first",
        "two": b"second",
    }
