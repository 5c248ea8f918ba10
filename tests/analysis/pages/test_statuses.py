from mental_health_classifier.analysis.pages.statuses import status_text


def test_what_went_wrong_is_red_and_what_went_well_green():
    assert status_text("killed").style == "red" and status_text("completed").style == "green"
    assert status_text("waiting").style == "" and str(status_text("waiting")) == "waiting"
