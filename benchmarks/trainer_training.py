"""The same network, written with padding, trained by transformers' Trainer."""

from __future__ import annotations

import tempfile
from collections import deque
from typing import Any

import numpy as np
import torch
from our_training import (
    SEED,
    TASK,
    VOCABULARY,
    compose_config,
    made_up_posts,
    make_network,
    vocabulary_of,
)
from torch import Tensor, nn
from torch.nn import functional
from turnstile import Turnstile

from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.encoder_folder import find_encoder


class PaddedBlock(nn.Module):
    """Names its parameters as our block does, so that weights go from one to the other."""

    def __init__(self, width: int, num_heads: int, feedforward_width: int, dropout: float) -> None:
        super().__init__()
        self.num_heads, self.share = num_heads, dropout
        self.attention_norm = nn.LayerNorm(width)
        self.attention = nn.ModuleDict(
            {"queries_keys_values": nn.Linear(width, 3 * width), "output": nn.Linear(width, width)}
        )
        self.feedforward_norm = nn.LayerNorm(width)
        self.feedforward = nn.Sequential(
            nn.Linear(width, feedforward_width), nn.GELU(), nn.Linear(feedforward_width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, is_token: Tensor) -> Tensor:
        posts, length, _ = hidden.shape
        projected = self.attention["queries_keys_values"](self.attention_norm(hidden))
        heads = projected.view(posts, length, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            *heads, attn_mask=is_token[:, None, None], dropout_p=self.share * self.training
        )
        mixed = mixed.transpose(1, 2).reshape(posts, length, -1)
        hidden = hidden + self.dropout(self.attention["output"](mixed))
        return hidden + self.dropout(self.feedforward(self.feedforward_norm(hidden)))


class PaddedClassifier(nn.Module):
    """A pre-norm encoder as a user of the Trainer writes it: padding, and a mask of it."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        model = config.model
        self.tokens = nn.Embedding(VOCABULARY, model.width)
        self.positions = nn.Embedding(model.max_tokens, model.width)
        self.dropout = nn.Dropout(model.dropout)
        self.blocks = nn.ModuleList(
            PaddedBlock(model.width, model.num_heads, model.feedforward_width, model.dropout)
            for _ in range(model.num_layers)
        )
        self.norm = nn.LayerNorm(model.width)
        self.head = nn.Linear(model.width, TASK.num_classes)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        is_token = attention_mask.bool()
        hidden = self.tokens(input_ids) + self.positions.weight[: input_ids.shape[1]]
        hidden = self.dropout(hidden)
        for block in self.blocks:
            hidden = block(hidden, is_token)
        hidden = self.norm(hidden) * attention_mask[..., None]
        logits = self.head(hidden.sum(1) / attention_mask.sum(1, keepdim=True))
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


class PaddedEncoder(nn.Module):
    """A pretrained encoder with mean pooling, as a user of the Trainer writes it."""

    def __init__(self, config: Any) -> None:
        from transformers import AutoModel

        super().__init__()
        folder = find_encoder(config.model.encoder, download=False)
        self.body = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.head = nn.Linear(config.model.width, TASK.num_classes)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        hidden = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        hidden = hidden * attention_mask[..., None]
        logits = self.head(hidden.sum(1) / attention_mask.sum(1, keepdim=True))
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


class PaddingCollator:
    """Pads to the longest post of the batch, and remembers the lengths for the turnstile."""

    def __init__(self) -> None:
        self.lengths: deque[list[int]] = deque()

    def __call__(self, posts: list[dict[str, Any]]) -> dict[str, Tensor]:
        ids = [torch.as_tensor(post["input_ids"]) for post in posts]
        self.lengths.append([len(each) for each in ids])
        pad = torch.nn.utils.rnn.pad_sequence
        return {
            "input_ids": pad(ids, batch_first=True),
            "attention_mask": pad([torch.ones_like(each) for each in ids], batch_first=True),
            "labels": torch.tensor([post["labels"] for post in posts]),
        }


def train(
    turnstile: Turnstile,
    *,
    size: str,
    mean_tokens: int,
    num_posts: int,
    posts_per_step: int,
    is_grouped: bool,
    is_on_gpu: bool = False,
    is_bf16: bool = False,
    is_compiled: bool = False,
) -> None:
    from transformers import Trainer, TrainerCallback, TrainingArguments

    config = compose_config(size, posts_per_step)
    tokens, labels = made_up_posts(num_posts, mean_tokens, vocabulary=vocabulary_of(config))
    ids = [
        tokens.token_ids[a:b].astype("int64")
        for a, b in zip(tokens.offsets, tokens.offsets[1:], strict=False)
    ]
    posts = [{"input_ids": each, "labels": int(y)} for each, y in zip(ids, labels, strict=True)]
    collator = PaddingCollator()
    model = (
        PaddedEncoder(config)
        if config.model.get("encoder") is not None
        else PaddedClassifier(config)
    )
    _copy_and_compare(model, config, tokens, labels, collator(posts[:4]))
    collator.lengths.clear()

    class TurnAfterEachStep(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            turnstile.pass_step(collator.lengths.popleft())

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=posts_per_step,
            num_train_epochs=100,
            learning_rate=config.optimizer.learning_rate,
            weight_decay=config.optimizer.weight_decay,
            max_grad_norm=config.trainer.gradient_clip_val,
            optim="adamw_torch_fused",
            train_sampling_strategy="group_by_length" if is_grouped else "random",
            logging_steps=config.trainer.log_every_n_steps,
            logging_nan_inf_filter=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=not is_on_gpu,
            bf16=is_bf16,
            torch_compile=is_compiled,
            seed=SEED,
        )
        Trainer(
            model=model,
            args=arguments,
            train_dataset=posts,  # pyright: ignore[reportArgumentType] (a list serves)
            data_collator=collator,
            callbacks=[TurnAfterEachStep()],
        ).train()


def _copy_and_compare(
    model: PaddedClassifier | PaddedEncoder,
    config: Any,
    tokens: Any,
    labels: Any,
    padded: dict[str, Tensor],
) -> None:
    """Takes our network's weights, and makes sure that both then say the same."""
    network = make_network(config)
    renamed = {
        name.removeprefix("embedding.")
        .removeprefix("encoder.")
        .replace(f"heads.by_task.{TASK.name}.", "head."): weights
        for name, weights in network.state_dict().items()
    }
    # An encoder has read its own weights, all but the head.
    model.load_state_dict(renamed, strict=isinstance(model, PaddedClassifier))
    batch = make_batch(tokens, rows=np.arange(4), labels={TASK.name: labels})
    with torch.no_grad():
        ours = network.eval()(batch).logits[TASK.name][batch.post_indices.argsort()]
        theirs = model.eval()(**padded)["logits"]
    model.train()
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
