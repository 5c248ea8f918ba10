import logging

from rich.console import Console

from mental_health_classifier.console.screen import ScreenHandler


def printed(message: str, **extra: object) -> str:
    handler = ScreenHandler()
    handler.console = Console(force_terminal=True, color_system="standard", width=80)
    record = logging.makeLogRecord({"msg": message, "levelno": logging.INFO, **extra})
    with handler.console.capture() as capture:
        handler.emit(record)
    return capture.get()


def test_numbers_have_no_colour_and_what_matters_is_bold():
    assert "\x1b[" not in printed("epoch 4, recall .650 of [red]x[/]")
    shown = printed("epoch 4, recall .650, loss 1.087", emphasised="recall .650")
    assert "\x1b[1mrecall .650\x1b[0m" in shown and shown.count("\x1b[1m") == 1
    assert "[red]x[/]" in printed("[red]x[/]")
