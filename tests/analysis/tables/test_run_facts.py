from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.tracking.run_index import read_run

CONFIG = {
    "model": {"width": 256, "num_layers": 3, "num_heads": 4, "dropout": 0.1, "learning_rate": 1e-3},
    "optimizer": {"weight_decay": 0.01, "warmup_fraction": 0.05},
    "sampler": {"max_posts": 32, "token_budget": 8192},
    "trainer": {"max_epochs": 6},
    "data": {"split_seed": 1},
}
MODEL = {
    **{"parameters": 2_400_000, "trainable_parameters": 2_000_000, "vocabulary_size": 843},
    **{"inference_flops_per_post": 4e6, "size_on_disk_bytes": 672_171},
}


def test_architecture_training_and_cost_are_columns_with_their_units(tmp_path):
    run = write_run(tmp_path / "a", run={"config": CONFIG}, end={"model": MODEL})
    table = run_table([read_run(run)])
    row = table.iloc[0]
    assert (row["width"], row["num_layers"], row["num_heads"], row["dropout"]) == (256, 3, 4, 0.1)
    assert (row["learning_rate"], row["weight_decay"], row["warmup_fraction"]) == (1e-3, 0.01, 0.05)
    assert (row["max_posts_per_batch"], row["max_tokens_per_batch"]) == (32, 8192)
    assert (row["max_epochs"], row["selected_epoch"], row["selected_step"]) == (6, 4, 99)
    assert (row["trainable_parameters"], row["vocabulary_size"]) == (2_000_000, 843)
    assert (row["inference_flops_per_post"], row["size_on_disk_bytes"]) == (4e6, 672_171)
    assert row["fit_seconds"] == 100.0
    kinds = table.dtypes.astype(str)
    assert kinds["width"] == kinds["max_epochs"] == kinds["size_on_disk_bytes"] == "Int64"
    assert kinds["dropout"] == kinds["fit_seconds"] == kinds["weight_decay"] == "float64"


def test_what_a_model_does_not_have_or_a_record_does_not_say_is_missing(tmp_path):
    wrong = {"model": {"width": "wide", "num_layers": True}, "optimizer": None, "data": {}}
    runs = [
        write_run(tmp_path / "a", run={"config": wrong}, end={"phases": 3, "selection": None}),
        write_failed_run(tmp_path / "b", run={"config": {}}),
    ]
    table = run_table(map(read_run, runs))
    columns = ["width", "num_layers", "weight_decay", "fit_seconds", "selected_epoch"]
    assert table[[*columns[:3], columns[4]]].isna().all(axis=None)
    assert table["fit_seconds"].isna().tolist() == [True, False]
