import gzip
import io
import os
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.archives import Limits, pack, unpack


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "file").write_bytes(bytes(range(256)) * 50)
    pack(tmp_path / "folder", tmp_path / "folder.tar.gz")
    return tmp_path / "folder.tar.gz"


def crafted(path: Path, name: str, **member: object) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("run"))
        info = tarfile.TarInfo(name)
        for key, value in member.items():
            setattr(info, key, value)
        tar.addfile(info, io.BytesIO(b""))
    return path


def test_a_folder_comes_back_under_another_name(archive: Path, tmp_path: Path) -> None:
    unpack(archive, tmp_path / "new" / "name")
    found = tmp_path / "new" / "name" / "inner" / "file"
    assert found.read_bytes() == bytes(range(256)) * 50
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["name"]


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("../out", {}),
        ("run/../../out", {}),
        ("/tmp/out", {}),
        ("run/link", {"type": tarfile.SYMTYPE, "linkname": "/etc"}),
        ("run/hard", {"type": tarfile.LNKTYPE, "linkname": "../../out"}),
        ("run/pipe", {"type": tarfile.FIFOTYPE}),
        ("run/device", {"type": tarfile.CHRTYPE}),
        ("other/file", {}),
    ],
)
def test_what_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str, member) -> None:
    path = crafted(tmp_path / "bad.tar.gz", name, **member)
    with pytest.raises(InputError, match=r"refused|does not hold one folder"):
        unpack(path, tmp_path / "inner" / "destination")
    assert list((tmp_path / "inner").iterdir()) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["missing", "a folder", "a zip", "text", "empty", "plain tar"])
def test_what_is_no_archive_is_refused_with_a_sentence(
    archive: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "given"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("run/run.json", "{}")
    elif kind != "missing":
        contents = {
            "text": b"text",
            "empty": b"",
            "plain tar": gzip.decompress(archive.read_bytes()),
        }
        path.write_bytes(contents[kind])
    with pytest.raises(InputError, match=r"a file that `mhc export`|was cut"):
        unpack(path, tmp_path / "inner" / "destination")
    assert not (tmp_path / "inner" / "destination").exists()


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"pax_headers": {"mtime": "nan"}}, None),
        ({"pax_headers": {"mtime": "inf"}}, None),
        ({"pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}}, "with holes"),
        ({"pax_headers": {"size": "-5"}}, "size its header cannot hold"),
        ({"pax_headers": {"comment": "x" * 2**17}}, "header that is too long"),
        ({"type": tarfile.GNUTYPE_SPARSE}, "something else than files"),
        ({"size": 5 * 10**9}, "unpacks to more than 64 MiB"),
        ({"name": "run/" + "x" * 256}, "a name that this file system has not"),
        ({"name": "run/" + "x/" * 3000}, "a name that this file system has not"),
        ({"name": "run/\udcff"}, None),
        ({"name": "run/present"}, "a name stands in it twice"),
        ({"name": "run/present/below"}, "a name stands in it twice"),
        ({"name": "run"}, "a name stands in it twice"),
    ],
)
def test_odd_members_are_taken_as_plain_files_or_refused(
    tmp_path: Path, member: dict[str, object], message: str | None
) -> None:
    path = tmp_path / "odd.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("run/present"), io.BytesIO(b""))
        info = tarfile.TarInfo("run/member")
        for key, value in member.items():
            setattr(info, key, value)
        tar.addfile(info)
    if message is None:
        unpack(path, tmp_path / "inner" / "destination")
        assert len(list((tmp_path / "inner" / "destination").iterdir())) == 2
    else:
        with pytest.raises(InputError, match=message):
            unpack(path, tmp_path / "inner" / "destination")
        assert list((tmp_path / "inner").iterdir()) == []


def test_what_unpacks_to_more_than_the_limits_is_refused(tmp_path: Path) -> None:
    limits = Limits(members=10, bytes=50_000, ratio=20, always_allowed=40_000)

    def refuse(name: str, contents: list[bytes], message: str) -> None:
        (tmp_path / name).mkdir()
        for number, content in enumerate(contents):
            (tmp_path / name / str(number)).write_bytes(content)
        pack(tmp_path / name, tmp_path / f"{name}.tar.gz")
        with pytest.raises(InputError, match=message):
            unpack(tmp_path / f"{name}.tar.gz", tmp_path / "inner" / name, limits)

    refuse("many", [b"x"] * 10, "more than 10 files and folders")
    refuse("bomb", [bytes(45_000)], "unpacks to more than 0 MiB.*unpack it with tar")
    refuse("large", [random.Random(1).randbytes(60_000)], "unpacks to more than")
    assert list((tmp_path / "inner").iterdir()) == []


def test_what_follows_the_end_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = gzip.decompress(archive.read_bytes())
    for content in (gzip.compress(whole + b"more"), archive.read_bytes() + b"more"):
        archive.write_bytes(content)
        with pytest.raises(InputError, match=r"follows its end|was cut"):
            unpack(archive, tmp_path / "inner" / "destination")
    assert list((tmp_path / "inner").iterdir()) == []


def test_what_can_be_run_stays_so_and_no_other_right_is_taken(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, mode in (("script", 0o755), ("closed", 0o400), ("special", 0o6777)):
        (tmp_path / "folder" / name).touch()
        (tmp_path / "folder" / name).chmod(mode)
    pack(tmp_path / "folder", tmp_path / "folder.tar.gz")
    unpack(tmp_path / "folder.tar.gz", tmp_path / "new")
    modes = {path.name: path.stat().st_mode & 0o7700 for path in (tmp_path / "new").iterdir()}
    assert modes == {"script": 0o700, "closed": 0o600, "special": 0o700}


@pytest.mark.parametrize("target", ["../secret", ".", "..", "gone", "link"])
def test_no_archive_holds_what_a_link_leads_to(target: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "folder" / "link").symlink_to(target)
    with pytest.raises(InputError, match="link is a link, and is not packed"):
        pack(tmp_path / "folder", tmp_path / "folder.tar.gz")
    assert not (tmp_path / "folder.tar.gz").exists()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe is neither a file nor a folder"):
        pack(tmp_path / "pipe", tmp_path / "folder.tar.gz")


def test_a_cut_archive_is_refused_wherever_it_is_cut(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for length in range(0, len(whole), 3):
        archive.write_bytes(whole[:length])
        with pytest.raises(InputError, match="was cut"):
            unpack(archive, tmp_path / "destination")
        assert not (tmp_path / "destination").exists()


def test_nothing_is_overwritten(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not overwritten"):
        unpack(archive, tmp_path / "folder")
    with pytest.raises(InputError, match="is not replaced"):
        pack(tmp_path / "folder", archive)
