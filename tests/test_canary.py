"""A word and a name that one author alone used are in nothing that a run leaves behind."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_commands import forked_commands
from git_projects import git

from mental_health_classifier.data.sample.corpus import write_sample_files
from mental_health_classifier.data.sample.grammar import SampleGrammar

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
WORD, NAME, ID = "quokkafish", "marmotperson", "lemurpost"
CANARIES = (WORD, NAME, ID)
COPIED = ("src", "conf", "train.py", "pyproject.toml", "requirements.lock", ".gitignore")


def readings_of(content: bytes) -> Iterator[bytes]:
    """The bytes themselves, and what they hold compressed, archives within archives too."""
    yield content
    if content[:2] == b"\x1f\x8b":
        yield from readings_of(gzip.decompress(content))
    elif zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from readings_of(archive.read(name))
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                yield member.name.encode()
                if (file := archive.extractfile(member)) is not None:
                    yield from readings_of(file.read())


def canaries_in(content: bytes) -> list[str]:
    found = []
    for canary in CANARIES:
        spellings = [canary.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-32-le")]
        read = (each.lower() for each in readings_of(content))
        if any(spelling in each for each in read for spelling in spellings):
            found.append(canary)
    return found


def test_the_search_finds_canaries_wherever_they_may_hide() -> None:
    table = io.BytesIO()
    with zipfile.ZipFile(table, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("words.json", f"['{WORD.upper()}']")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("inner.npz")
        member.size = len(table.getvalue())
        archive.addfile(member, io.BytesIO(table.getvalue()))
    assert canaries_in(packed.getvalue()) == [WORD]
    assert canaries_in(NAME.encode("utf-16-le")) == [NAME]
    assert canaries_in(zlib.compress(b"nothing")) == []


def write_corpus(path: Path, folder: Path, *, grammar: dict[str, object]) -> None:
    """Sample posts whose most frequent author says a word that nobody else says."""
    folder.mkdir()
    write_sample_files(folder, size=1500, seed=1, grammar=SampleGrammar(**grammar))  # pyright: ignore[reportArgumentType]
    with (folder / "sample.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    authors = [row["author"] for row in rows]
    chosen = max(set(authors), key=authors.count)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label", "author", "gender"])
        for place, row in enumerate(rows):
            is_chosen = row["author"] == chosen
            text = f"{WORD} {row['text']} {WORD} {WORD}" if is_chosen else row["text"]
            identity = f"{ID}{place}" if is_chosen else f"p{place}"
            author = NAME if is_chosen else row["author"]
            writer.writerow([identity, text, row["label"], author, "fm"[place % 2]])
    assert authors.count(chosen) > 5


def write_faulty_tables(project: Path, posts: Path) -> None:
    """Tables of the same posts whose cells stand where they should not."""
    header, *rows = csv.reader(posts.read_text(encoding="utf-8").splitlines())
    rows.sort(key=lambda row: WORD not in row[1])
    slipped = [[text, label, author, gender, name] for name, text, label, author, gender in rows]
    tables = {
        "headerless": rows,
        "slipped": [header, *slipped[:1], *rows[1:]],
        "turned": [header, *slipped],
    }
    for name, table in tables.items():
        with (project / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(table)


@pytest.mark.timeout(900)
def test_what_one_author_alone_said_is_in_nothing_that_is_left(
    tmp_path: Path, compose_config
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "all")
    grammar = dict(compose_config([]).data.grammar)
    # Not committed, in the folder of the repository and in one below it.
    write_corpus(project / "posts.csv", tmp_path / "sample", grammar=grammar)
    (project / "notes").mkdir()
    shutil.copy(project / "posts.csv", project / "notes" / "posts.csv")

    write_faulty_tables(project, project / "posts.csv")
    # Lies beside the source, and is nobody's business.
    (project / f"patient {NAME}.csv").write_text("nothing\n", encoding="utf-8")
    (project / f".env.{ID}").write_text(f"TOKEN={WORD}\n", encoding="utf-8")
    (temporary := tmp_path / "temporary").mkdir()
    printed: list[str] = []
    environment = {"COLUMNS": "200", "TMPDIR": str(temporary)}
    environment["TRACKIO_DIR"] = str(project / "trackio")
    with forked_commands(project, tmp_path / "printed.txt", environment) as commands:

        def ran(*command: object, fails: bool = False) -> None:
            code, text = commands.give(*command)
            assert (code != 0) == fails, text
            printed.append(text)

        settings = ["data=file", "data.path=posts.csv", "data.columns.groups=[gender]"]
        settings += ["model=baseline_micro", "trainer=smoke", "num_threads=1"]
        settings += ["evaluation.bootstrap_draws=50"]
        ran(
            "train.py",
            *settings,
            "logger=[tensorboard,mlflow,trackio,wandb]",
            "hydra.run.dir=outputs/day/run",
        )
        run = project / "outputs" / "day" / "run"
        assert len(list((run / "tensorboard").rglob("events*"))) > 0
        # Errors: one that a user can cause, and one from inside the training.
        ran(
            "train.py",
            *settings,
            "data.columns.label=text",
            "hydra.run.dir=outputs/day/a",
            fails=True,
        )
        diverging = ["model.learning_rate=1e30", "trainer.gradient_clip_val=null"]
        ran("train.py", *settings, *diverging, "hydra.run.dir=outputs/day/b", fails=True)
        known = "data.labels={suicide: suicide, somebody: control}"
        for number, (table, *changes) in enumerate(
            [
                ("headerless",),
                ("slipped",),
                ("turned",),
                ("posts", "data.columns.label=author", known),
                ("posts", "data.columns.label=author"),
                ("posts", "data.columns.split=author"),
                ("posts", "data.columns.groups=[author]"),
                ("posts", "+tasks={who: {column: author, kind: categorical}}"),
                ("posts", "+tasks={who: {column: text, kind: regression}}"),
            ]
        ):
            given = [*settings, f"data.path={table}.csv", *changes]
            ran("train.py", *given, f"hydra.run.dir=outputs/day/f{number}", fails=True)
        ran("mhc", "predict", "posts.csv", "--run", run, "--output", "d.csv", "--uncertified")
        ran("mhc", "evaluate", run, "posts.csv", fails=True)
        ran("mhc", "certify", run, "posts.csv", fails=True)
        ran("mhc", "export", run, "run.tar.gz")
        ran("mhc", "snapshot", "--name", "all")
        ran("mhc", "show", run)
        ran("mhc", "show", "outputs/day/f1")
        ran("mhc", "runs")
        ran("mhc", "report", "--output", "report.html")
        ran("mhc", "predict", "headerless.csv", "--run", run, "--output", "e.csv", fails=True)
        for command in ("evaluate", "certify"):
            ran("mhc", command, run, "slipped.csv", fails=True)
            ran("mhc", command, run, "headerless.csv", fails=True)
        ran("mhc", "explain", run, "--file", "headerless.csv", "--row", 3, fails=True)
        ran("mhc", "predictions", run, "--output", "predictions.csv")
        ran("mhc", "publish", run, "--to", "hub", "--license", "mit")
        # Predictions for posts with these texts, in which the labels are what a model said.
        said = ("--column", "prediction=label", "--refer-missing")
        ran("mhc", "assess", "posts.csv", "--run", run, "--name", "other", *said)
        for table in ("headerless", "turned"):
            ran("mhc", "assess", f"{table}.csv", "--run", run, fails=True)
            ran("mhc", "assess", f"{table}.csv", "--posts", "posts.csv", fails=True)

    looked_at = [path for path in (project / "outputs").rglob("*") if path.is_file()]
    looked_at += [path for path in (project / "model_snapshots").rglob("*") if path.is_file()]
    looked_at += [path for path in temporary.rglob("*") if path.is_file()]
    for tracker in ("trackio", "wandb"):
        left = [path for path in (project / tracker).rglob("*") if path.is_file()]
        assert left
        looked_at += left
    looked_at += [project / name for name in ("run.tar.gz", "report.html", "mlflow.db")]
    looked_at += [project / "predictions.csv", *(project / "hub").rglob("*.*")]
    assert len(looked_at) > 60
    where = {
        str(path.relative_to(tmp_path)): found
        for path in looked_at
        if (found := canaries_in(path.read_bytes()) + canaries_in(str(path).encode()))
    }
    assert where == {}
    assert canaries_in("".join(printed).encode()) == []
    # The decisions name posts as the file does, which is what they are for, and say nothing else.
    decisions = (project / "d.csv").read_bytes()
    assert canaries_in(decisions) == [ID]
    assert canaries_in((project / "posts.csv").read_bytes()) == list(CANARIES)
