import pytest

from mental_health_classifier.configuration.build import build
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.curriculum.pacing import GrowingCompetence, Stages, competence


def test_competence_grows_as_the_formula_says() -> None:
    def at(t: float) -> float:
        return competence(t, duration=100, initial=0.01, power=2)

    assert at(0) == pytest.approx(0.01)
    # sqrt(0.25 (1 - 0.0001) + 0.0001)
    assert at(25) == pytest.approx(0.500075, abs=5e-7)
    assert at(99) < at(100) == at(1000) == 1.0


def test_competence_is_one_from_its_share_of_the_training_on() -> None:
    pacing = GrowingCompetence(epochs=8, share_of_training=0.5, initial=0.01, power=2)
    assert pacing(1.0) == pytest.approx(0.500075, abs=5e-7)  # a quarter of four epochs
    assert pacing(0.0) == pytest.approx(0.01) and pacing(3.99) < pacing(4.0) == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("trainer.max_epochs=null", "trainer.max_epochs=null"),
        ("trainer.max_epochs=-1", "trainer.max_epochs=-1"),
        ("sampler.pacing.share_of_training=0", "sampler.pacing.share_of_training=0: .* more than"),
        ("sampler.pacing.initial=1.5", "sampler.pacing.initial=1.5: .* at most 1"),
        ("sampler.pacing.power=0", "sampler.pacing.power=0: .* more than 0"),
    ],
)
def test_what_cannot_pace_a_training_is_refused(change: str, message: str, compose_config) -> None:
    config = compose_config(["clinical=curriculum", change])
    with pytest.raises(InputError, match=message):
        build(checked(config).sampler.pacing)


def stages(*rows: tuple[float, int]) -> dict[str, dict[str, float]]:
    names = ("easy", "medium", "hard")
    return {
        name: {"share": share, "epochs": epochs}
        for name, (share, epochs) in zip(names, rows, strict=False)
    }


def test_each_stage_has_its_share_for_its_epochs() -> None:
    pacing = Stages(epochs=6, stages=stages((0.3, 1), (0.6, 2), (1.0, 3)))
    assert [pacing(t) for t in (0, 0.99, 1, 2.5, 3, 5.99, 6)] == [0.3, 0.3, 0.6, 0.6, 1, 1, 1]


@pytest.mark.parametrize(
    ("epochs", "rows", "message"),
    [
        (7, ((0.3, 1), (0.6, 2), (1.0, 3)), r"last 6 epochs \(easy 1 \+ medium 2 \+ hard 3\).*=7"),
        (3, ((0.6, 1), (0.3, 1), (1.0, 1)), "never fall and end with 1"),
        (2, ((0.3, 1), (0.9, 1)), "never fall and end with 1"),
    ],
)
def test_stages_that_do_not_fill_the_training_are_refused(epochs, rows, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Stages(epochs=epochs, stages=stages(*rows))


@pytest.mark.parametrize("change", ["epochs=0", "share=0", "share=1.1"])
def test_stages_have_epochs_and_a_share_of_the_posts(change: str, compose_config) -> None:
    key = "sampler.pacing.stages.easy"
    config = compose_config(["clinical=curriculum_staged", f"{key}.{change}"])
    with pytest.raises(InputError, match=f"{key}.{change}: expected"):
        checked(config)
