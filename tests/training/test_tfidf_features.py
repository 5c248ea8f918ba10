import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from mental_health_classifier.contracts import InputError
from mental_health_classifier.training.tfidf_features import TfidfFeatures

TEXTS = pd.Series(["no sleep at all", "no sleep again", "sleep and rest", "all is well again"])
USERS = pd.Series(["a", "b", "a", "c"])


def test_words_alone_weigh_what_scikit_learn_gives_their_vocabulary() -> None:
    features = TfidfFeatures(max_words=2, max_characters=None)
    weights = features.fit_transform(TEXTS, USERS, min_posts=2)
    (words,) = features.vocabularies
    # Of "sleep" user a has two posts and b one; "no sleep" has two users, "rest" one.
    assert words == ["again", "all", "no", "no sleep", "sleep"]
    expected = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, vocabulary=words)
    np.testing.assert_array_equal(weights.toarray(), expected.fit_transform(TEXTS).toarray())
    np.testing.assert_array_equal(features.transform(TEXTS).toarray(), weights.toarray())


def test_a_feature_of_one_user_is_left_out_however_often_it_stands() -> None:
    features = TfidfFeatures(max_words=1, max_characters=None)
    features.fit_transform(
        pd.Series(["secret word", "secret word", "word"]), pd.Series(["a", "a", "b"]), min_posts=2
    )
    assert features.vocabularies == [["word"]]


def test_characters_stand_beside_words_with_a_length_of_their_own() -> None:
    features = TfidfFeatures(max_words=1, max_characters=3)
    weights = features.fit_transform(TEXTS, USERS, min_posts=2)
    words, characters = map(len, features.vocabularies)
    assert weights.shape == (4, words + characters)
    assert all(2 <= len(each) <= 3 for each in features.vocabularies[1])
    of_words, of_characters = weights[:, :words].toarray(), weights[:, words:].toarray()
    np.testing.assert_allclose(np.linalg.norm(of_words, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(of_characters, axis=1), 1)


def test_what_is_restored_gives_the_same_weights() -> None:
    features = TfidfFeatures(max_words=2, max_characters=4)
    weights = features.fit_transform(TEXTS, USERS, min_posts=2)
    again = TfidfFeatures(max_words=2, max_characters=4)
    again.restore(features.vocabularies, features.inverse_document_frequency)
    np.testing.assert_array_equal(again.transform(TEXTS).toarray(), weights.toarray())


@pytest.mark.parametrize("texts", [["one", "two"], ["!", "?"]])
def test_posts_that_share_no_word_are_refused(texts: list[str]) -> None:
    features = TfidfFeatures(max_words=1, max_characters=None)
    with pytest.raises(InputError, match="no word that two authors and 2 posts share"):
        features.fit_transform(pd.Series(texts), pd.Series(["a", "b"]), min_posts=2)
