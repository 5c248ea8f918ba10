"""Ranges of numbers in a configuration, as types that constructors declare."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval

NumberAsName = Annotated[float, Interval(ge=-1e15, le=1e15)]
"""Of a class, such as 1.0; whole numbers without a point are text wherever text is taken."""
Seed = Annotated[int, Interval(ge=0, le=2**32 - 1)]
Count = Annotated[int, Interval(ge=1, le=10**9)]
"""Of posts, steps or rows."""
SmallCount = Annotated[int, Interval(ge=1, le=1024)]
"""Of layers, heads or processors."""
Width = Annotated[int, Interval(ge=1, le=2**16)]
MaxTokens = Annotated[int, Interval(ge=1, le=2**20)]
VocabularySize = Annotated[int, Interval(ge=1, le=2**24)]
Share = Annotated[float, Interval(ge=0, le=1)]
PositiveShare = Annotated[float, Interval(gt=0, le=1)]
OpenShare = Annotated[float, Interval(gt=0, lt=1)]
DropoutShare = Annotated[float, Interval(ge=0, le=0.99)]
LearningRate = Annotated[float, Interval(ge=1e-30, le=1e38)]
WeightDecay = Annotated[float, Interval(ge=0, le=1e3)]
