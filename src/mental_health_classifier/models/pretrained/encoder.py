"""Pretrained encoder behind the `forward` of our own: a stream of posts, never padded."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import torch
from annotated_types import Interval
from torch import Tensor, nn

from mental_health_classifier.contracts import InputError, LengthGroup
from mental_health_classifier.contracts.ranges import DropoutShare, MaxTokens, PositiveShare
from mental_health_classifier.models.kernels.length_groups import split_groups
from mental_health_classifier.models.pretrained import packed_attention
from mental_health_classifier.models.pretrained.adapters import (
    LowRankAdapters,
    is_of_adapter,
    without_adapters,
)
from mental_health_classifier.models.pretrained.body import build_body, layers_of

log = logging.getLogger(__name__)

TOLERANCE = 1e-4
"""Of the largest number in a post's vectors, what rounding may change; posts that see each other
change fifty times as much."""
_PROBED = (3, 5, 5)
"""Lengths of the posts that the probe puts side by side, the longest possible one after them."""


class Way(NamedTuple):
    """How the posts of a batch go through a body."""

    first_place: int | None
    """As one stream, the places of each post counted from here on. None: posts of equal length
    together."""


class PretrainedEncoder(nn.Module):
    """The body of an encoder as transformers builds it, from vectors of words to those of tokens.

    All posts of a batch go through it as one stream if a probe shows that a post then gets the
    vectors that it gets alone; else posts of equal length go through it together. The first pass
    probes.

    Args:
        architecture: what its config.json says. None: filled in from `model.encoder`.
        max_tokens: of a post.
        dropout: in place of every share in its architecture. None: those in it.
        layer_decay: the learning rate of a layer is so much of that of the layer above it.
        frozen_layers: so many of the lowest layers stay as they are, and the word vectors with
            them.
        adapters: `LowRankAdapters`, which learn in place of all its weights. None: these do.
    """

    def __init__(
        self,
        *,
        architecture: Mapping[str, Any] | None,
        max_tokens: MaxTokens,
        dropout: DropoutShare | None,
        layer_decay: PositiveShare,
        frozen_layers: Annotated[int, Interval(ge=0, le=1024)],
        adapters: Any = None,
    ) -> None:
        super().__init__()
        if architecture is None:
            raise InputError(
                "network.encoder.architecture is missing: choose model=pretrained with "
                "model.encoder=FOLDER, or model=minilm."
            )
        packed_attention.register()
        self.body = build_body(architecture, dropout=dropout, adapters=adapters)
        self.adapters: LowRankAdapters | None = adapters
        self.layer_decay = layer_decay
        self.frozen_layers = frozen_layers
        self._max_tokens = max_tokens
        self._pad_token = architecture.get("pad_token_id") or 0
        self._way: Way | None = None
        num_layers = len(layers_of(self.body))
        if frozen_layers > num_layers:
            raise InputError(
                f"model.frozen_layers={frozen_layers}: this encoder has {num_layers} layers. Give "
                "that or less."
            )
        for parameters in self.by_depth()[: frozen_layers + 1] if frozen_layers else ():
            for parameter in parameters:
                parameter.requires_grad_(False)

    def forward(self, hidden: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """`(N, vectors of words)` -> `(N, D)`"""
        if self._way is None:
            self._way = self.find_way(hidden.shape[1], hidden.device)
        return self._read(self._way, hidden, groups)

    def read_equal_lengths(self) -> None:
        """Has posts of equal length go through it together from now on, without a probe."""
        self._way = Way(None)

    def by_depth(self) -> list[list[nn.Parameter]]:
        """Parameters by depth: what comes before the layers, each layer, what comes after them."""
        layers = [list(layer.parameters()) for layer in layers_of(self.body)]
        place_of = {id(p): place for place, layer in enumerate(layers, 1) for p in layer}
        found: list[list[nn.Parameter]] = [[] for _ in range(len(layers) + 2)]
        place = 0
        for parameter in self.body.parameters():
            # Between and after layers there is what belongs to all of them, as of the last one.
            place = place_of.get(id(parameter), len(layers) + 1 if place else 0)
            found[place].append(parameter)
        return found

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Fills the body with those of an encoder, by the names that transformers gives them."""
        own = {
            name: weights[without_adapters(name)]
            for name in self.body.state_dict()
            if not is_of_adapter(name)
        }
        self.body.load_state_dict(own, strict=self.adapters is None)

    def find_way(self, width: int, device: torch.device) -> Way:
        """How posts go through the body so that none sees another.

        Args:
            width: of the vectors of words.

        Raises:
            InputError: a post cannot go through it at all, gets vectors that are not finite, or
                its words do not see those after them.
        """
        was_training = self.body.training
        self.body.eval()
        try:
            with torch.no_grad(), torch.autocast(device.type, enabled=False):
                return self._probe(width, device)
        finally:
            self.body.train(was_training)

    def _probe(self, width: int, device: torch.device) -> Way:
        lengths = sorted(min(length, self._max_tokens) for length in (*_PROBED, self._max_tokens))
        random = torch.Generator().manual_seed(0)
        posts = torch.randn(sum(lengths), width, generator=random).to(device)
        alone = self._alone(posts, lengths)
        self._refuse_one_way_reading(posts[-lengths[-1] :], alone[-lengths[-1] :])
        groups, first = [], 0
        for length in sorted(set(lengths)):
            groups.append(LengthGroup(first, lengths.count(length), length))
            first += groups[-1].num_posts * length
        for way in (Way(0), Way(self._pad_token + 1), Way(None)):
            try:
                found = self._read(way, posts, groups)
            except torch.OutOfMemoryError:
                raise
            except Exception:  # a family that cannot be read so says it in its own way
                log.debug("%s cannot be read so: %s", self._family, way, exc_info=True)
                continue
            if are_equal(found, alone):
                if way.first_place is None:
                    log.info(
                        "Posts of this encoder's family (%s) cannot lie side by side: those of "
                        "equal length go through it together, which takes longer.",
                        self._family,
                    )
                return way
        raise InputError(
            f"model.encoder: posts side by side get other vectors from {self._family} than each "
            "gets alone, so it cannot be trained here. Choose another encoder."
        )

    @property
    def _family(self) -> str:
        return self.body.config.model_type  # pyright: ignore[reportAttributeAccessIssue, reportReturnType]

    def _alone(self, posts: Tensor, lengths: Sequence[int]) -> Tensor:
        try:
            vectors = torch.cat([self._call(post[None])[0] for post in posts.split(list(lengths))])
        except Exception as error:  # each family in its own way
            raise InputError(
                f"model.encoder: a post of {max(lengths)} tokens cannot go through {self._family} "
                f"({type(error).__name__}): it is no encoder of text, or model.max_tokens is more "
                "than it knows places for. Change one of them."
            ) from None
        if not vectors.isfinite().all():
            raise InputError(
                "model.encoder: it gives vectors that are not finite. Its weights are damaged; "
                "restore them from a copy."
            )
        return vectors

    def _refuse_one_way_reading(self, post: Tensor, vectors: Tensor) -> None:
        if len(post) == 1:
            return
        # The next word, which a local window holds as well.
        changed = torch.cat([post[:1], -post[1:2], post[2:]])
        if are_equal(self._call(changed[None])[0, :1], vectors[:1]):
            raise InputError(
                f"model.encoder: words do not see those after them in {self._family}, which "
                "writes text and is no encoder. Choose an encoder such as BERT or RoBERTa."
            )

    def _read(self, way: Way, hidden: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        if way.first_place is None:
            parts = [self._call(posts).flatten(0, 1) for posts in split_groups(hidden, groups)]
            return torch.cat(parts)
        places = [torch.arange(group.num_tokens).repeat(group.num_posts) for group in groups]
        places = torch.cat(places).to(hidden.device) + way.first_place
        with packed_attention.posts_of(groups):
            return self._call(
                hidden[None], attention=packed_attention.NAME, position_ids=places[None]
            )[0]

    def _call(self, hidden: Tensor, *, attention: str | None = None, **places: Tensor) -> Tensor:
        """(posts, length, width) -> (posts, length, D)"""
        configuration: Any = self.body.config
        own = configuration._attn_implementation
        configuration._attn_implementation = attention or own
        try:
            return self.body(inputs_embeds=hidden, **places).last_hidden_state
        finally:
            configuration._attn_implementation = own


def are_equal(one: Tensor, other: Tensor) -> bool:
    """Whether vectors are the same up to rounding."""
    return bool((one - other).abs().max() <= TOLERANCE * other.abs().max())
