"""Options that need a value, and are given none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from typer.core import TyperCommand

from mental_health_classifier.contracts import InputError


class Command(TyperCommand):
    """A command that takes no option for the value of the one before it."""

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
