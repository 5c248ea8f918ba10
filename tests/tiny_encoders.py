"""Tiny encoders and language models with random weights, as folders that transformers has saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast

WORDS = "i feel fine today low tired sad and alone nobody sleep work want to die help the is not my"
VOCABULARY = 64
LONGEST = 48
"""Tokens of a post at most."""
_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": LONGEST + 8,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
PACKED: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {},
    "xlm-roberta": {},
    "camembert": {},
    "distilbert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24},
    "electra": {"embedding_size": 8},
    "albert": {"embedding_size": 8},
    "ernie": {},
    "modernbert": {"local_attention": 16, "cls_token_id": 2, "sep_token_id": 3},
    "nomic_bert": {},
    "eurobert": {"num_key_value_heads": 1},
    "jina_embeddings_v3": {},
}
"""Families whose posts can go through them side by side, with settings of their own."""
SEEN_BY_OTHERS: dict[str, dict[str, Any]] = {
    "mpnet": {},
    "deberta": {},
    "deberta-v2": {},
    "mobilebert": {
        "embedding_size": 8,
        "intra_bottleneck_size": 8,
        "true_hidden_size": 8,
        "num_attention_heads": 2,
    },
}
"""Families in which posts side by side would see each other."""
NO_ENCODERS: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": LONGEST + 8},
    "t5": {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2},
    "vit": {"image_size": 8, "patch_size": 4},
}

THAT_WRITE: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 2048},
    "llama": {"num_key_value_heads": 1},
    "qwen2": {"num_key_value_heads": 1},
    "mistral": {"num_key_value_heads": 1, "sliding_window": 64},
    "gemma2": {"num_key_value_heads": 1, "head_dim": 8, "sliding_window": 64},
}
"""Families of language models; some look back no further than their window."""
CHAT = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def settings_of(family: str, **changes: Any) -> dict[str, Any]:
    """Settings of a tiny model of a family."""
    own = (PACKED | SEEN_BY_OTHERS | NO_ENCODERS)[family]
    return {**_SIZES, **own, **changes}


def make_model(family: str, *, dropout_everywhere: float | None = None, **changes: Any) -> Any:
    """A model with random weights, always the same, evaluating."""
    configuration = AutoConfig.for_model(family, **settings_of(family, **changes))
    if dropout_everywhere is not None:
        for key, value in configuration.to_dict().items():
            if "dropout" in key and value is not None:
                setattr(configuration, key, dropout_everywhere)
    torch.manual_seed(0)
    return AutoModel.from_config(configuration).eval()


def write_encoder(
    folder: Path, family: str = "bert", *, mask: str = "[MASK]", **changes: Any
) -> Path:
    """Saves such a model and a tokenizer of some words that fits it."""
    make_model(family, **changes).save_pretrained(folder)
    make_tokenizer(mask).save(str(folder / "tokenizer.json"))
    return folder


def write_language_model(
    folder: Path, family: str = "llama", *, template: str | None = None, **changes: Any
) -> Path:
    """Saves a language model that writes bytes, with its tokenizer and perhaps a chat template."""
    specials = ["<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
    words = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(dict(zip(words, range(len(words)), strict=True)), []))
    tokenizer.add_special_tokens(specials)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    sizes = {**_SIZES, "max_position_embeddings": 2048, "vocab_size": len(words)}
    settings = {**sizes, **THAT_WRITE[family], "bos_token_id": 0, "eos_token_id": 1, **changes}
    torch.manual_seed(0)
    # Far enough from zero that it likes some answers better.
    configuration = AutoConfig.for_model(family, initializer_range=0.5, **settings)
    AutoModelForCausalLM.from_config(configuration).save_pretrained(folder)
    saved = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", chat_template=template
    )
    saved.save_pretrained(folder)
    return folder


def make_tokenizer(mask: str = "[MASK]") -> Tokenizer:
    """One that pads and cuts, as those of encoders do."""
    specials = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", mask]
    words = dict(zip([*specials, *WORDS.split()], range(VOCABULARY), strict=False))
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.add_special_tokens(specials)
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, words[name]) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer.enable_padding(length=32)
    tokenizer.enable_truncation(16)
    return tokenizer


def rewrite_configuration(folder: Path, changes: Mapping[str, Any]) -> None:
    """Changes keys of config.json; None takes one away."""
    path = folder / "config.json"
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not None}))
