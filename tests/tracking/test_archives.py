import io
import tarfile
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.archives import pack, unpack


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
