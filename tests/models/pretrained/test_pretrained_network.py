"""Pretrained encoders without padding, against the same models as transformers runs them."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_encoders import (
    LONGEST,
    NO_ENCODERS,
    PACKED,
    SEEN_BY_OTHERS,
    VOCABULARY,
    make_model,
    settings_of,
    write_encoder,
)
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch, InputError, Task
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.models.concept_embedding import ConceptEmbedding
from mental_health_classifier.models.embeddings import TokenEmbedding
from mental_health_classifier.models.heads import LinearHeads
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.pooling import MeanPooling
from mental_health_classifier.models.pretrained.adapters import LowRankAdapters
from mental_health_classifier.models.pretrained.encoder import PretrainedEncoder, Way
from mental_health_classifier.models.pretrained.network import PretrainedNetwork
from mental_health_classifier.training.optimization import adamw_with_cosine

TASK = Task.categorical("condition", ("control", "suicide", "anxiety"), "suicide")
FAMILIES = {**PACKED, **SEEN_BY_OTHERS}
FROM_PAD_ON = ("roberta", "xlm-roberta", "camembert")
"""Families that count places from the one after the padding token on."""


def make_encoder(
    family: str,
    *,
    dropout: float | None = 0.0,
    decay: float = 1.0,
    frozen: int = 0,
    adapters: LowRankAdapters | None = None,
    **changes,
) -> PretrainedEncoder:
    return PretrainedEncoder(
        architecture={"model_type": family, **settings_of(family, **changes)},
        max_tokens=LONGEST,
        dropout=dropout,
        layer_decay=decay,
        frozen_layers=frozen,
        adapters=adapters,
    )


def make_network(family: str, *, word_width: int = 16, **changes) -> PretrainedNetwork:
    torch.manual_seed(1)
    return PretrainedNetwork(
        embedding=TokenEmbedding(
            vocabulary_size=VOCABULARY, width=word_width, max_tokens=None, dropout=0.0
        ),
        encoder=make_encoder(family, **changes),
        pooling=MeanPooling(),
        heads=LinearHeads(tasks=[TASK], width=16),
    )


def word_width_of(family: str) -> int:
    return FAMILIES[family].get("embedding_size", 16)


def make_posts(num_posts: int = 8, seed: int = 0) -> Batch:
    """Posts of 3 to all tokens, some of equal length; the ids of special tokens stay out."""
    random = np.random.default_rng(seed)
    lengths = np.sort([3, 9, 9, LONGEST, *random.integers(4, 30, num_posts - 4)])
    ids = random.integers(5, VOCABULARY, lengths.sum())
    tokens = TokenTable(ids.astype(np.uint16), np.concatenate([[0], np.cumsum(lengths)]))
    labels = {TASK.name: np.arange(num_posts) % TASK.num_classes}
    return make_batch(tokens, rows=np.arange(num_posts), labels=labels)


class PaddedModel(nn.Module):
    """A classifier as it is written for transformers: padding, a mask, the mean of what it is not
    about."""

    def __init__(self, model: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.head = copy.deepcopy(head)

    def forward(self, batch: Batch) -> Tensor:
        posts = batch.token_ids.split(batch.offsets.diff().tolist())
        ids = nn.utils.rnn.pad_sequence(list(posts), batch_first=True, padding_value=1)
        lengths = torch.tensor([len(post) for post in posts])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.head((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("encoders")
    return {family: write_encoder(top / family, family) for family in FAMILIES}


def both(family: str, folder: Path) -> tuple[PretrainedNetwork, PaddedModel]:
    ours = make_network(family, word_width=word_width_of(family))
    ours.take_over(folder)
    theirs = make_model(family, dropout_everywhere=0.0)
    return ours, PaddedModel(theirs, ours.heads.by_task[TASK.name])  # pyright: ignore[reportArgumentType, reportIndexIssue]


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_padded_model(family: str, folders: dict[str, Path]) -> None:
    ours, theirs = both(family, folders[family])
    batch = make_posts()
    with torch.no_grad():
        logits = ours.eval()(batch).logits[TASK.name]
        expected = theirs.eval()(batch)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_ten_steps_of_training_are_those_of_the_padded_model(
    family: str, folders: dict[str, Path]
) -> None:
    losses = []
    for network, logits_of in zip(
        both(family, folders[family]),
        (lambda network, batch: network(batch).logits[TASK.name], lambda each, batch: each(batch)),
        strict=True,
    ):
        network.train()
        learned = [p for p in network.parameters() if p.requires_grad]
        # Gradients that are nothing but rounding do not become whole steps.
        optimizer = torch.optim.AdamW(learned, lr=1e-3, eps=1e-5)
        found = []
        for step in range(10):
            batch = make_posts(seed=step)
            loss = nn.functional.cross_entropy(logits_of(network, batch), batch.labels[TASK.name])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            found.append(loss.item())
        losses.append(found)
    assert losses[0] == pytest.approx(losses[1], rel=2e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_probe_tells_which_posts_can_lie_side_by_side(family: str) -> None:
    first_place = 2 if family in FROM_PAD_ON else 0
    expected = Way(first_place if family in PACKED else None)
    encoder = make_encoder(family)
    assert encoder.find_way(word_width_of(family), torch.device("cpu")) == expected
    assert encoder.body.training


def test_what_is_read_post_by_post_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    make_encoder("mpnet").find_way(16, torch.device("cpu"))
    assert "(mpnet) cannot lie side by side" in caplog.text


def test_a_copy_reads_with_its_own_weights() -> None:
    network = make_network("bert").eval()
    batch = make_posts()
    before = network(batch).logits[TASK.name]
    copied = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.encoder.parameters():
            parameter.zero_()
    torch.testing.assert_close(copied(batch).logits[TASK.name], before)


def test_a_local_window_leaves_out_what_is_further_away_than_the_model_has_learned() -> None:
    """A window of 16 reaches 8 places to each side, not 9 and not 7."""
    encoder = make_encoder("modernbert", num_hidden_layers=1, layer_types=["sliding_attention"])
    hidden = torch.randn(30, 16).requires_grad_()
    batch = make_batch(
        TokenTable(np.zeros(30, np.uint16), np.array([0, 30])), rows=np.array([0]), labels={}
    )
    encoder.eval()(hidden, batch.length_groups)[0, 0].backward()
    assert hidden.grad is not None
    reached = hidden.grad.abs().sum(1).nonzero().max()
    assert reached == 8


def test_dropout_is_ours_active_in_training_alone_and_as_much_as_asked_for() -> None:
    network = make_network("bert", dropout=0.25).eval()
    drops = [module for module in network.encoder.modules() if "Drop" in type(module).__name__]
    assert len(drops) == 7 and all(type(each) is Dropout and each.p == 0.25 for each in drops)
    batch = make_posts()
    once, twice = (network(batch).logits[TASK.name] for _ in range(2))
    assert torch.equal(once, twice)
    network.train()
    once, twice = (network(batch).logits[TASK.name] for _ in range(2))
    assert not torch.allclose(once, twice)


def test_dropout_of_attention_is_applied() -> None:
    """With all other dropout away training is random, and on average what evaluation says."""
    encoder = make_encoder("bert", dropout=0.0)
    for layer in encoder.body.encoder.layer:  # pyright: ignore[reportAttributeAccessIssue, reportGeneralTypeIssues]
        layer.attention.self.dropout.p = 0.5
    hidden, groups = torch.randn(LONGEST, 16), make_posts(4).length_groups[-1:]
    groups = [groups[0]._replace(first_token=0)]
    encoder.eval()
    whole = encoder(hidden, groups)
    encoder.train()
    assert not torch.allclose(encoder(hidden, groups), whole, atol=1e-3)
    mean = torch.stack([encoder(hidden, groups) for _ in range(150)]).mean(0)
    assert (mean - whole).abs().mean() < 0.1 * whole.abs().mean()


def test_without_a_share_of_its_own_dropout_is_that_of_the_encoder() -> None:
    encoder = make_encoder("bert", dropout=None, hidden_dropout_prob=0.2)
    shares = {m.p for m in encoder.modules() if isinstance(m, Dropout)}
    assert shares == {0.1, 0.2}


def test_taking_over_leaves_every_part_in_training_and_prints_nothing(
    folders: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    network = make_network("bert")
    network.take_over(folders["bert"])
    assert all(module.training for module in network.modules())
    assert capfd.readouterr() == ("", "")


def test_every_parameter_of_the_encoder_gets_a_gradient() -> None:
    for family in FAMILIES:
        network = make_network(family, word_width=word_width_of(family))
        network(make_posts()).logits[TASK.name].square().sum().backward()
        without = [name for name, p in network.named_parameters() if p.grad is None]
        assert without == [], family


def test_concepts_are_added_to_the_vectors_of_words(folders: dict[str, Path]) -> None:
    """Before the first step they weigh nothing, and the network says what it says without them."""
    plain = make_network("bert")
    plain.take_over(folders["bert"])
    embedding = ConceptEmbedding(
        vocabulary_size=VOCABULARY, width=16, max_tokens=None, dropout=0.0, stream="concepts",
        type_of_value=[0, 1, 2], concept_width=4,
    )  # fmt: skip
    enhanced = PretrainedNetwork(
        embedding=embedding,
        encoder=make_encoder("bert"),
        pooling=MeanPooling(),
        heads=plain.heads,
    )
    enhanced.take_over(folders["bert"])
    posts = make_posts()
    marks = {"concepts": torch.randint(0, 3, posts.token_ids.shape)}
    batch = Batch(
        token_ids=posts.token_ids, offsets=posts.offsets, positions=posts.positions,
        labels=posts.labels, post_indices=posts.post_indices, length_groups=posts.length_groups,
        token_streams=marks,
    )  # fmt: skip
    without = plain.eval()(posts).logits[TASK.name]
    torch.testing.assert_close(enhanced.eval()(batch).logits[TASK.name], without)
    with torch.no_grad():
        embedding.weight_of_knowledge.fill_(1.0)
    assert not torch.allclose(enhanced(batch).logits[TASK.name], without)


def test_the_deeper_a_layer_the_slower_it_learns() -> None:
    network = make_network("bert", decay=0.5)
    optimizer, _ = adamw_with_cosine(
        network, total_steps=10, learning_rate=1.0, weight_decay=0.01, betas=[0.9, 0.99],
        warmup_fraction=0.1,
    )  # fmt: skip
    rates = {
        id(p): group["initial_lr"] for group in optimizer.param_groups for p in group["params"]
    }
    body = network.encoder.body
    first, second = body.encoder.layer  # pyright: ignore[reportAttributeAccessIssue, reportGeneralTypeIssues]
    assert rates[id(network.embedding.tokens.weight)] == 0.5**3
    assert rates[id(body.embeddings.LayerNorm.weight)] == 0.5**3  # pyright: ignore[reportAttributeAccessIssue]
    assert rates[id(first.output.dense.weight)] == 0.5**2
    assert rates[id(second.output.dense.weight)] == 0.5
    assert rates[id(network.heads.by_task[TASK.name].weight)] == 1.0  # pyright: ignore[reportAttributeAccessIssue, reportIndexIssue]
    assert len(rates) == len(list(network.parameters()))
    assert optimizer.param_groups[0]["initial_lr"] == 1.0


def test_frozen_layers_stay_as_they_are_and_all_above_learn() -> None:
    network = make_network("bert", frozen=1)
    frozen = {name for name, p in network.named_parameters() if not p.requires_grad}
    assert "embedding.tokens.weight" in frozen
    assert all(
        (name in frozen) == ("embedding" in name or "layer.0." in name)
        for name, _ in network.named_parameters()
    )
    everything = make_network("bert", frozen=2)
    learned = [name for name, p in everything.named_parameters() if p.requires_grad]
    assert learned == ["heads.by_task.condition.weight", "heads.by_task.condition.bias"]
    with pytest.raises(InputError, match=r"model\.frozen_layers=3: this encoder has 2 layers"):
        make_network("bert", frozen=3)


@pytest.mark.parametrize("family", NO_ENCODERS)
def test_what_is_no_encoder_is_refused(family: str) -> None:
    with pytest.raises(InputError, match=rf"model\.encoder: .*{family}.* no encoder"):
        make_encoder(family).find_way(16, torch.device("cpu"))


def test_weights_that_give_no_numbers_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "bert")
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.0.output.dense.bias"][0] = torch.nan
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"model\.encoder: it gives vectors that are not finite"):
        make_network("bert").take_over(folder)


def test_weights_of_another_architecture_are_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"model\.encoder: the weights in .* lack 16 of those"):
        make_network("bert", num_hidden_layers=3).take_over(folders["bert"])
    with pytest.raises(InputError, match=r"model\.encoder: the weights in .* of shape \(24,\)"):
        make_network("bert", intermediate_size=32).take_over(folders["bert"])


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "bert")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.encoder: the weights in .* cannot be read"):
        make_network("bert").take_over(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "bart_of_tomorrow"}, "does not know the family bart_of_tomorrow, and code"),
        ({"hidden_act": "exec"}, "describes no bert that can be built"),
        ({"hidden_size": "wide"}, "config.json"),
    ],
)
def test_an_architecture_that_cannot_be_built_is_refused(changes: dict, message: str) -> None:
    architecture = {"model_type": "bert", **settings_of("bert"), **changes}
    with pytest.raises(InputError, match=message):
        PretrainedEncoder(
            architecture=architecture, max_tokens=8, dropout=None, layer_decay=1.0, frozen_layers=0
        )


def test_a_file_does_not_choose_code_or_precision() -> None:
    encoder = make_encoder(
        "bert",
        attn_implementation="somebody/kernel",
        _attn_implementation="somebody/kernel",
        auto_map={"AutoModel": "code.Model"},
        quantization_config={"load_in_8bit": True},
        dtype="float16",
    )
    assert next(encoder.parameters()).dtype == torch.float32
    assert "somebody" not in str(encoder.body.config)
