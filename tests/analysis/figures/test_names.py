from mental_health_classifier.analysis.figures.names import metric_name, plain_name


def test_a_name_is_never_read_as_a_formula_and_steers_nothing():
    assert plain_name("a$b$") == r"a\$b\$"
    assert plain_name("a\x1b[2Jb\u202e") == r"a\x1b[2Jb\u202e"


def test_long_names_are_cut():
    assert plain_name("x" * 40, max_length=10) == "x" * 9 + "…"


def test_columns_are_put_into_words():
    assert metric_name("final_recall_at_spec80") == "recall at specificity .80, test"
    assert metric_name("val_f1_macro") == "macro F1, validation"
    assert metric_name("final_recall_suicide") == "recall suicide, test"
