"""Mean of the gradients of several processes, without the rows of embeddings that are zero."""

# Annotations are left as they are, not turned into text: torch checks those of a hook.

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

FEWEST_ROWS = 1024
"""Of a matrix that is an embedding of many tokens: a step has few of them, and to look for these
costs less than to send all."""


def exchange_few_rows(model: nn.Module | None) -> None:
    """Has processes of the processor send each other no rows that none of them has learned.

    Half of a small network is its embedding, of which a step learns the tokens of its posts; the
    sums are the same. On GPUs, where looking for rows would wait for the device, all stays as it
    is, and so does what is not a `DistributedDataParallel`.
    """
    if isinstance(model, DistributedDataParallel) and model.device.type == "cpu":
        model.register_comm_hook(None, mean_of_gradients)


def mean_of_gradients(
    _: None,
    bucket: distributed.GradBucket,  # pyright: ignore[reportPrivateImportUsage]
) -> torch.futures.Future[Tensor]:
    """Communication hook: puts the mean over all processes in the place of their own gradients."""
    gradients = bucket.gradients()
    tables = [each for each in gradients if each.ndim == 2 and len(each) >= FEWEST_ROWS]
    others = [each for each in gradients if all(each is not table for table in tables)]
    is_learned = [(table != 0).any(dim=1) for table in tables]
    if tables:
        # What one process learned and another did not has to be sent by both.
        flags = torch.cat(is_learned).to(torch.uint8)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX)
        is_learned = [each.bool() for each in flags.split([len(table) for table in tables])]
    rows = [table[some] for table, some in zip(tables, is_learned, strict=True)]
    sent = torch.cat([each.flatten() for each in (*others, *rows)])
    # Before the sum, as torch does it: half precision could not hold the sum itself.
    sent /= distributed.get_world_size()
    distributed.all_reduce(sent)
    received = iter(sent.split([each.numel() for each in (*others, *rows)]))
    for each in others:
        each.copy_(next(received).view_as(each))
    for table, some, own in zip(tables, is_learned, rows, strict=True):
        table[some] = next(received).view_as(own)
    done: torch.futures.Future[Tensor] = torch.futures.Future()
    done.set_result(bucket.buffer())
    return done
