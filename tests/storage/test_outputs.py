import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.outputs import check_output, write_output


def test_an_output_that_exists_is_replaced_only_on_request(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"--output=.*report\.html: the file exists.*Give --force"):
        check_output(path, is_replaced=False)
    with pytest.raises(InputError, match=r"--csv=.*report\.html: the file exists.*Name another"):
        check_output(path, option="--csv")
    check_output(path, is_replaced=True)


def test_a_place_that_cannot_be_written_to_is_one_message(tmp_path):
    with pytest.raises(InputError, match=r"--html=.* is a folder"):
        check_output(tmp_path, option="--html")
    with pytest.raises(InputError, match="expected a file in a folder that exists"):
        check_output(tmp_path / "nowhere" / "report.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--csv=.* cannot be written"):
        write_output(tmp_path / "file" / "table.csv", "a,b", option="--csv")


def test_an_output_is_what_was_given(tmp_path):
    write_output(tmp_path / "a.txt", "für")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "für"
