"""Causal language model that is asked about posts, untuned, on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mental_health_classifier.console.progress import counting
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.questions import Message, Question
from mental_health_classifier.contracts.ranges import MaxTokens
from mental_health_classifier.data.tokens.language_model_folder import (
    KEY,
    architecture_of_language_model,
    files_of_language_model,
    find_language_model,
    refuse_another_language_model,
)

log = logging.getLogger(__name__)

_POST = "\N{SYMBOL FOR UNIT SEPARATOR}POST\N{SYMBOL FOR UNIT SEPARATOR}"
"""Stands for a post while a question is put into the words of a model."""


class CausalLanguageModel:
    """Says how probable each answer to a question about a post is.

    Args:
        folder: with safetensors, tokenizer.json and config.json.
        max_tokens: of a post that are read; of a longer one the beginning is.
        dtype: of weights and numbers; 16 bits need half the memory.
        accelerator, devices: where it computes; see Lightning's Trainer.
        sha256: of the folder's files. None: whatever it is.

    Raises:
        InputError: there is no such model here, or it has changed. When it is first used: it cannot
            be.
    """

    def __init__(
        self,
        *,
        folder: str,
        max_tokens: MaxTokens,
        dtype: Literal["float32", "bfloat16", "float16"] = "float32",
        accelerator: str = "auto",
        devices: int | str | Sequence[int] = 1,
        sha256: str | None = None,
    ) -> None:
        self._folder = find_language_model(folder)
        self._max_tokens = max_tokens
        self._dtype = dtype
        self._place = {"accelerator": accelerator, "devices": devices}
        self._recorded = sha256
        self.num_cut = 0
        """Posts that were longer than it reads, so far."""

    @cached_property
    def sha256(self) -> str:
        """Of the files that decide what it says."""
        return refuse_another_language_model(self._folder, self._recorded)

    @cached_property
    def size_on_disk(self) -> int:
        """Bytes of its files."""
        return sum(path.stat().st_size for path in files_of_language_model(self._folder))

    def require_causal(self) -> None:
        """Reads what the folder says of the model, and no weight.

        Raises:
            InputError: it cannot be used.
        """
        _ = self._configuration, self._tokenizer

    @property
    def num_parameters(self) -> int:
        return sum(each.numel() for each in self._model.parameters())

    @cached_property
    def _model(self) -> Any:
        import torch
        from lightning.fabric import Fabric

        from mental_health_classifier.models.pretrained.causal import read_causal_model

        device = Fabric(**self._place).device
        return read_causal_model(
            self._folder,
            self._configuration,
            key=KEY,
            device=device,
            dtype=getattr(torch, self._dtype),
        )

    @cached_property
    def _configuration(self) -> Any:
        from mental_health_classifier.models.pretrained.causal import causal_configuration

        return causal_configuration(architecture_of_language_model(self._folder), key=KEY)

    @cached_property
    def _tokenizer(self) -> Any:
        import transformers

        try:
            return transformers.AutoTokenizer.from_pretrained(
                self._folder, trust_remote_code=False, local_files_only=True
            )
        except Exception as error:  # tokenizers and transformers each raise their own
            raise InputError(
                f"{KEY}: the tokenizer in {self._folder} cannot be read ({type(error).__name__}). "
                "It was cut or changed, or needs code that came with it, which is never run."
            ) from None

    def log_probabilities(self, question: Question, texts: Sequence[str]) -> np.ndarray:
        """Of each answer and its end after the question about each post, shape `(n, C)`.

        Raises:
            InputError: the question does not fit the model.
        """
        from mental_health_classifier.models.pretrained.causal import AnswerScorer

        _ = self.sha256
        beginning, end, answers = self._tokens(question)
        self._require_room(len(beginning) + len(end) + max(map(len, answers)))
        scorer = AnswerScorer(self._model, beginning, answers)
        posts = [self._tokens_of_post(text) for text in texts]
        num_cut = sum(len(post) > self._max_tokens for post in posts)
        self.num_cut += num_cut
        if num_cut:
            log.info(
                "The language model reads the first %s tokens of a post; %s of %s posts are longer "
                "and were cut.",
                *(f"{each:,}" for each in (self._max_tokens, num_cut, len(posts))),
            )
        found = np.empty((len(texts), len(answers)))
        with counting("Asking the language model about posts", total=len(posts)) as advance:
            for place, post in enumerate(posts):
                rest = [*post[: self._max_tokens], *end]
                found[place] = scorer.log_probabilities(rest).cpu().numpy()
                advance(1)
        if not np.isfinite(found).all():
            raise InputError(
                f"{KEY}: the model answers with no numbers (dtype={self._dtype}). Give "
                "model.language_model.dtype=float32 or bfloat16."
            )
        return found

    def _tokens(self, question: Question) -> tuple[list[int], list[int], list[list[int]]]:
        """What stands before and after the post, and the answers, as token ids."""
        shown = [text for text, _ in question.examples]
        marked = replace(question, examples=tuple((_POST, label) for _, label in question.examples))
        words = self._in_its_words(marked.messages(_POST))
        pieces = [self._encode(piece) for piece in words.split(_POST)]
        if len(pieces) != len(shown) + 2:
            raise InputError(
                f"{KEY}: the chat template in {self._folder} leaves out or changes what it is "
                "given. Choose another language model."
            )
        beginning = self._first_token()
        for piece, text in zip(pieces, shown, strict=False):
            beginning += [*piece, *self._tokens_of_post(text)[: self._max_tokens]]
        beginning += pieces[-2]
        before, after = ("", self._tokenizer.eos_token or "") if self._is_chat else (" ", "\n")
        answers = [self._encode(f"{before}{answer}{after}") for answer in question.answers]
        if len({*map(tuple, answers)}) < len(answers) or not all(answers):
            raise InputError(
                f"{KEY}: some classes are the same to the tokenizer in {self._folder}. Rename them "
                "with data.labels, or choose another language model."
            )
        return beginning, pieces[-1], answers

    @property
    def _is_chat(self) -> bool:
        """Whether it was tuned to talk, in a form that its folder describes."""
        return bool(self._tokenizer.chat_template)

    def _in_its_words(self, messages: Sequence[Message]) -> str:
        """The messages as the model reads them, up to where its answer begins."""
        if not self._is_chat:
            return "".join(_plain(messages))
        try:
            return self._of_template(messages)
        except InputError:
            system, first, *others = messages  # some templates know no system
            content = f"{system['content']}\n\n{first['content']}"
            return self._of_template([{**first, "content": content}, *others])

    def _of_template(self, messages: Sequence[Message]) -> str:
        try:
            return self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        except Exception as error:  # whatever a template of others does
            raise InputError(
                f"{KEY}: the chat template in {self._folder} cannot put a question into words "
                f"({type(error).__name__}). Restore it from a copy, or choose another language "
                "model."
            ) from None

    def _first_token(self) -> list[int]:
        """What such a model reads before all else; a chat template says it itself."""
        added = [] if self._is_chat else self._tokenizer("").input_ids
        return added[:1] if added[:1] == [self._tokenizer.bos_token_id] else []

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False).input_ids

    def _tokens_of_post(self, text: str) -> list[int]:
        """Of all of it. What looks like a token of the template is plain text in a post."""
        return self._tokenizer(
            text, add_special_tokens=False, split_special_tokens=True, verbose=False
        ).input_ids

    def _require_room(self, num_others: int) -> None:
        of_text = self._configuration.get_text_config()
        most = getattr(of_text, "max_position_embeddings", None)
        if isinstance(most, int) and num_others + self._max_tokens > most:
            raise InputError(
                f"model.language_model.max_tokens={self._max_tokens}: with {num_others} tokens of "
                f"question and examples that is more than the {most} that this model reads. Give "
                f"{max(most - num_others, 0)} or less, or fewer model.shots."
            )


def _plain(messages: Sequence[Message]) -> Iterator[str]:
    """What a model reads that was not tuned to talk: a text that its answer continues."""
    for each in messages:
        if each["role"] == "system":
            yield f"{each['content']}\n\n"
        elif each["role"] == "user":
            yield f"{each['content']}\nAnswer:"
        else:
            yield f" {each['content']}\n\n"
