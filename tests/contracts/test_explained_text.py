from explained_posts import explained


def test_a_text_is_cut_into_its_tokens_and_what_the_model_did_not_read() -> None:
    pieces = explained("no hope left today", [[0, 2], [3, 5], [5, 7]], [0.5, -1.0, 0.25]).pieces
    assert pieces == [
        ("no", 0.5),
        (" ", None),
        ("ho", -1.0),
        ("pe", 0.25),
        (" left today", None),
    ]


def test_tokens_that_spell_one_character_together_are_one_piece() -> None:
    pieces = explained("a \N{CAT}", [[0, 1], [2, 3], [2, 3]], [0.5, 1.0, 2.0]).pieces
    assert pieces == [("a", 0.5), (" ", None), ("\N{CAT}", 3.0)]
