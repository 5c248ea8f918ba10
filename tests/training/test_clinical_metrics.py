from mental_health_classifier.training.callbacks.clinical_metrics import epoch_line

SCORES = {
    "val/recall_at_spec80": 0.764,
    "val/accuracy": 0.5291,
    "val/f1_macro": 0.4,
    "val/loss": 1.0871,
}


def test_an_epoch_has_one_line_of_eighty_characters_that_names_the_priority_class_first():
    line, emphasised = epoch_line("4/30", SCORES, {"suicide": 0.65, "control": 0.9}, "suicide")
    assert line == (
        "epoch    4/30  suicide recall .650  at spec. .80 .764  accuracy .529  loss 1.087"
    )
    assert emphasised == "suicide recall .650" and len(line) <= 80


def test_every_epoch_is_as_wide_as_the_others():
    first, _ = epoch_line("1/100", {**SCORES, "val/accuracy": 1.0}, {"a": 1.0}, "a")
    last, _ = epoch_line("100/100", SCORES, {"a": 0.0}, "a")
    assert len(first) == len(last)


def test_without_a_priority_class_macro_f1_matters_most():
    scores = {key: value for key, value in SCORES.items() if key != "val/recall_at_spec80"}
    line, emphasised = epoch_line("1/2", scores, {"a": 0.5, "b": 0.5}, None)
    assert emphasised == "macro F1 .400" and line.startswith("epoch     1/2  macro F1 .400")
