import subprocess
import sys

from written_runs import write_failed_run, write_run


def test_the_snippet_of_the_guide_works_as_written(tmp_path, monkeypatch):
    write_run(tmp_path / "outputs" / "2026-11-23" / "a", recall=0.95, run={"name": "good"})
    write_run(tmp_path / "multirun" / "2026-11-23" / "b" / "0", recall=0.8, run={"name": "fair"})
    write_failed_run(tmp_path / "outputs" / "2026-11-23" / "c")
    monkeypatch.chdir(tmp_path)

    from mental_health_classifier import ModelAnalyzer

    analyzer = ModelAnalyzer()
    comparison_df = analyzer.create_performance_comparison()
    best_models = comparison_df[comparison_df["final_accuracy"] > 0.85]
    shown = best_models[["experiment_name", "final_accuracy", "parameters_millions"]]
    assert shown.values.tolist() == [["good", 0.95 - 0.05, 2.4]]
    assert comparison_df["experiment_name"].tolist() == ["good", "fair", "baseline"]


def test_a_deleted_folder_is_gone_from_the_next_comparison(tmp_path):
    from mental_health_classifier import ModelAnalyzer

    analyzer = ModelAnalyzer([tmp_path])
    assert analyzer.create_performance_comparison().empty
    run = write_run(tmp_path / "a")
    assert len(analyzer.create_performance_comparison()) == 1
    (run / "run.json").unlink()
    assert analyzer.create_performance_comparison().empty


def test_the_package_imports_nothing_before_it_is_asked():
    program = (
        "import sys, mental_health_classifier as package;"
        "assert not {'pandas', 'torch', 'rich'} & set(sys.modules);"
        "assert 'ModelAnalyzer' in package.__all__;"
        "assert not hasattr(package, 'Nothing')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
