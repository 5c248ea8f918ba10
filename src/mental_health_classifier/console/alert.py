"""The alert that a person asked for: a command or a service hears how a run or a sweep ended.

It is asked for in the environment and never in a configuration, since whoever resumed somebody
else's record would run that person's command.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import warnings
from typing import Any

from mental_health_classifier.contracts import InputError

VARIABLE = "MHC_ALERT"
PATIENCE = 60
"""Seconds that a command may take."""

logger = logging.getLogger(__name__)


def check_alert() -> None:
    """Refuses an alert that could not be sent, before hours of training.

    Raises:
        InputError: its command is not here, or no service is known by its address.
    """
    wanted = os.environ.get(VARIABLE, "")
    if "://" in wanted:
        _service(wanted)
    elif wanted:
        _command(wanted)


def is_alert_wanted() -> bool:
    """Whether anybody is to hear of it."""
    return bool(os.environ.get(VARIABLE))


def alert(message: str) -> None:
    """Sends what happened to whom MHC_ALERT names: a command, which gets it as its standard input,
    or the address of a service as Apprise writes them. Without that variable nothing is sent.

    An alert that fails is a warning, and ends nothing.

    Args:
        message: of one or a few lines, without words of posts.
    """
    wanted = os.environ.get(VARIABLE, "")
    try:
        if "://" in wanted:
            if not _service(wanted).notify(body=message):
                raise InputError("the service did not take it.")
        elif wanted:
            # Neither what it prints nor its words are shown: they may hold a password.
            subprocess.run(
                _command(wanted),
                input=f"{message}\n".encode(),
                capture_output=True,
                check=True,
                timeout=PATIENCE,
            )
    except subprocess.CalledProcessError as error:
        logger.warning("The alert was not sent: its command left with code %s.", error.returncode)
    except subprocess.TimeoutExpired:
        logger.warning("The alert was not sent: its command took more than %s s.", PATIENCE)
    except (InputError, OSError) as error:
        logger.warning("The alert was not sent: %s", error)


def _command(wanted: str) -> list[str]:
    try:
        words = shlex.split(wanted)
    except ValueError as error:
        raise InputError(f"{VARIABLE} is no command: {str(error).lower()}.") from None
    if not words or shutil.which(words[0]) is None:
        raise InputError(
            f"{VARIABLE} names a command that is not here. Give one that reads a message from its "
            "standard input, as in MHC_ALERT='mail -s training me@example.org'."
        )
    return words


def _service(address: str) -> Any:
    # Of what it says itself, part is the address.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        # Of Python, to those who make the library; it imports each kind of service as it is named.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            from apprise import Apprise
        except ImportError:
            raise InputError(
                f"{VARIABLE} is the address of a service, which needs what is not installed: pip "
                "install 'mental-health-classifier[alerts]', or give a command."
            ) from None
        service = Apprise()
        is_known = service.add(address)
    if not is_known:
        raise InputError(
            f"{VARIABLE} is no address that Apprise knows. It writes a webhook of your own as "
            "jsons://host/path; its documentation has those of services."
        )
    return service
