import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from mental_health_classifier.tracking.replay_cache import lent_cache


def test_what_was_prepared_is_gone_whatever_ends_the_replay(tmp_path: Path) -> None:
    for error in (None, ValueError, KeyboardInterrupt, SystemExit):
        expected = pytest.raises(error) if error else nullcontext()
        with expected, lent_cache(tmp_path) as (folder, _):
            (folder / "posts.arrow").write_text("words of a post")
            if error:
                raise error
        assert not list(tmp_path.iterdir())


def test_what_a_killed_replay_left_is_removed_by_the_next(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from mental_health_classifier.tracking.replay_cache import lent_cache\n"
        "with lent_cache(Path(sys.argv[1])) as (folder, _):\n"
        "    (folder / 'posts.arrow').write_text('words of a post')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    (left,) = tmp_path.iterdir()
    with lent_cache(tmp_path) as (folder, _):
        assert not left.exists() and folder.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_cache_is_not_removed_while_a_process_works_in_it(tmp_path: Path) -> None:
    with lent_cache(tmp_path) as (folder, lock):
        held = os.dup(lock)  # as a child that outlives its parent
        (folder / "posts.arrow").write_text("x")
        with lent_cache(tmp_path):
            assert (folder / "posts.arrow").exists()
        os.close(held)


def test_links_are_not_followed(tmp_path: Path) -> None:
    with lent_cache(tmp_path / "cache") as (folder, _):
        name = folder.name
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (tmp_path / "cache" / name).symlink_to(tmp_path / "precious")
    with lent_cache(tmp_path / "cache"):
        assert (tmp_path / "precious" / "file").exists()
