from mental_health_classifier.data.reading.words import is_unspaced, num_words, words_of

CHINESE = "\u6211\u4eca\u5929\u5f88\u96be\u8fc7\uff0c\u4e0d\u60f3\u8bf4\u8bdd"
THAI = "\u0e09\u0e31\u0e19\u0e40\u0e2b\u0e19\u0e37\u0e48\u0e2d\u0e22\u0e21\u0e32\u0e01"


def test_words_are_counted_between_spaces_and_characters_where_there_are_none() -> None:
    assert num_words("i don't know") == 3
    assert num_words("caf\u00e9 \U0001f642") == 2
    assert num_words(CHINESE) == 10
    assert words_of(f"ok {CHINESE[:3]}, fine") == ["ok", *CHINESE[:3], "fine"]


def test_a_text_without_spaces_is_known_by_its_script() -> None:
    assert is_unspaced(CHINESE) and is_unspaced(THAI)
    assert not is_unspaced(" ".join(CHINESE))
    assert not is_unspaced("a long name: Donaudampfschifffahrtsgesellschaft\u00df")
    assert not is_unspaced(f"he wrote {CHINESE[:2]} to me")
