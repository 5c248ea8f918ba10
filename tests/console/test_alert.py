import logging
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from mental_health_classifier.console import alert as alerts
from mental_health_classifier.console.alert import alert, check_alert
from mental_health_classifier.contracts import InputError


@pytest.fixture
def webhook():
    """A service at this machine: its port, what it got, and the code that it answers with."""
    got, code = [], [200]

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(code[0])
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, got, code
        server.shutdown()


def test_a_command_gets_the_message_as_its_input(tmp_path, monkeypatch):
    monkeypatch.setenv("MHC_ALERT", f"tee '{tmp_path / 'a file'}'")
    check_alert()
    alert("outputs/one: completed; recall .900")
    assert (tmp_path / "a file").read_text() == "outputs/one: completed; recall .900\n"


def test_a_command_is_started_without_a_shell(tmp_path, monkeypatch):
    monkeypatch.setenv("MHC_ALERT", f"tee {tmp_path / 'said'} ; touch {tmp_path / 'more'}")
    alert("over $(touch here)")
    assert (tmp_path / "said").read_text() == "over $(touch here)\n"
    # Of tee another file; a shell would have made an empty one.
    assert (tmp_path / "more").read_text() == "over $(touch here)\n"


def test_a_service_hears_it_too(webhook, monkeypatch):
    port, got, _ = webhook
    monkeypatch.setenv("MHC_ALERT", f"json://127.0.0.1:{port}/training")
    check_alert()
    alert("sweep: 3 jobs: 3 completed.")
    assert len(got) == 1 and "sweep: 3 jobs: 3 completed." in got[0]


def test_without_the_variable_nothing_happens(monkeypatch, caplog):
    monkeypatch.delenv("MHC_ALERT", raising=False)
    check_alert()
    alert("anything")
    assert not caplog.records


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("no-such-command-at-all --secret=pw", "command that is not here"),
        ("mail 'never closed", "no closing quotation"),
        ("   ", "command that is not here"),
        ("nothing-like-this://somewhere", "no address that Apprise knows"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_there_is_anything(wanted, expected, monkeypatch):
    monkeypatch.setenv("MHC_ALERT", wanted)
    with pytest.raises(InputError, match=expected) as refusal:
        check_alert()
    assert "pw" not in str(refusal.value)


def test_an_address_without_the_library_is_refused(monkeypatch):
    monkeypatch.setenv("MHC_ALERT", "json://127.0.0.1/training")
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(InputError, match=r"mental-health-classifier\[alerts\]"):
        check_alert()


@pytest.mark.parametrize("wanted", ["false --password=pw", "gone-by-now pw", "sleep 30"])
def test_an_alert_that_fails_is_a_warning_without_its_command(wanted, monkeypatch, caplog):
    monkeypatch.setattr(alerts, "PATIENCE", 0.2)
    monkeypatch.setenv("MHC_ALERT", wanted)
    with caplog.at_level(logging.WARNING):
        alert("over")
    (record,) = caplog.records
    assert record.getMessage().startswith("The alert was not sent: ")
    assert "pw" not in record.getMessage()


def test_a_service_that_refuses_it_is_a_warning_without_its_address(webhook, monkeypatch, caplog):
    port, got, code = webhook
    code[0] = 500
    monkeypatch.setenv("MHC_ALERT", f"json://user:pw@127.0.0.1:{port}/training")
    with caplog.at_level(logging.WARNING):
        alert("over")
    assert got
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == [
        "The alert was not sent: the service did not take it."
    ]
