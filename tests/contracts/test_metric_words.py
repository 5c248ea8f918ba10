from mental_health_classifier.contracts.metric_words import measure_words, metric_words


def test_a_key_of_a_record_and_a_column_of_a_table_are_called_alike():
    for key in ("test/recall_at_spec80", "final_recall_at_spec80"):
        assert metric_words(key) == "recall at specificity .80, test"
    assert metric_words("val/f1_macro") == "macro F1, validation"
    assert metric_words("train_loss") == "loss, training"


def test_what_has_no_words_of_its_own_has_spaces():
    assert measure_words("cohens_kappa") == "cohens kappa"
    assert metric_words("energy_kwh") == "energy kwh"
    assert measure_words("auprc") == "AUPRC"
