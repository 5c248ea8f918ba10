from explained_posts import explained


def test_a_text_is_cut_into_words_with_the_sums_of_their_tokens_and_what_was_not_read() -> None:
    words = explained("no hope left today", [[0, 2], [3, 5], [5, 7]], [0.5, -1.0, 0.25]).words
    assert words == [("no", 0.5), (" ", None), ("hope", -0.75), (" left today", None)]


def test_punctuation_is_a_word_of_its_own_and_an_apostrophe_is_within_one() -> None:
    places = [[0, 1], [2, 5], [5, 6], [6, 7], [7, 8], [8, 9]]
    words = explained("i can't..", places, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).words
    assert words == [("i", 1.0), (" ", None), ("can't", 14.0), (".", 16.0), (".", 32.0)]


def test_tokens_that_spell_one_character_together_are_one_piece() -> None:
    words = explained("a \N{CAT}", [[0, 1], [2, 3], [2, 3]], [0.5, 1.0, 2.0]).words
    assert words == [("a", 0.5), (" ", None), ("\N{CAT}", 3.0)]


def test_special_tokens_stand_for_no_character_and_a_cut_word_is_whole() -> None:
    words = explained("no hope", [[0, 0], [0, 2], [3, 5], [0, 0]], [9.0, 0.5, -1.0, 9.0]).words
    assert words == [("no", 0.5), (" ", None), ("hope", -1.0)]


def test_a_token_of_two_words_makes_them_one() -> None:
    words = explained("of course not", [[0, 9], [10, 13]], [0.5, 1.0]).words
    assert words == [("of course", 0.5), (" ", None), ("not", 1.0)]


def test_whole_words_keep_all_that_their_tokens_add() -> None:
    one = explained("up, down", [[0, 1], [1, 2], [2, 3], [4, 8]], [1.0, 2.0, 0.5, -4.0])
    assert sum(value for _, value in one.words if value is not None) == -0.5
    assert one.strongest == [("down", -4.0), ("up", 3.0), (",", 0.5)] and one.scale == 4.0
