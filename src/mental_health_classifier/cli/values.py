"""What every command of `mhc` says of its own options."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from typer.core import TyperCommand

from mental_health_classifier.contracts import InputError

_IN_OPTIONS = (
    (r"data\.path=", ""),
    (r"data\.encoding=", "--encoding "),
    (r"data\.columns\.(\w+)=", r"--column \1="),
    (r"data\.columns\.(\w+)", r"--column \1=NAME"),
    (r"in data\.labels\b", "by --label SPELLING=CLASS"),
    (r"data\.labels\b", "--label"),
)
"""What commands that are given a file of posts call settings of data: pattern and words."""


class Command(TyperCommand):
    """A command that takes no option for the value of the one before it, and speaks of the options
    that it has."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises InputError where `--best --output F` leaves --best without a value."""
        names = {name for option in self.params for name in (*option.opts, *option.secondary_opts)}
        options = [each for each in self.params if each.param_type_name == "option"]
        need_value = {name for o in options if not getattr(o, "is_flag", False) for name in o.opts}
        before_rest = args[: args.index("--")] if "--" in args else args
        for name, value in pairwise(before_rest):
            if name in need_value and value.partition("=")[0] in names:
                raise InputError(f"{name} needs a value, and {value} is another option. Give one.")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            if all(option.name != "column" for option in self.params):
                raise
            message = str(error)
            names = {option.name for option in self.params}
            of_posts = "--posts-column" if "posts_column" in names else "--column"
            for setting, words in _IN_OPTIONS:
                message = re.sub(setting, words.replace("--column", of_posts), message)
            raise InputError(message) from error
