import re

from mental_health_classifier.analysis.pages.typeset import as_latex, as_markdown
from mental_health_classifier.console.tables import Column

NAMES = ["[a] & 50%_{x}", "* yard|stick", r"\input{/etc/passwd} $~^<>\"", "line\nbreak \x1b[2J"]
COLUMNS = [
    Column("run", NAMES),
    Column("M para-\nmeters", ["-.029 [-.13, .00]", "1.0", "-", "a-b 1-2"], is_number=True),
]


def test_a_markdown_table_takes_names_as_text() -> None:
    lines = as_markdown(COLUMNS, caption="Test part; *not* bold").splitlines()
    assert lines[:2] == ["| run | M parameters |", "| --- | ---: |"]
    assert lines[2] == r"| \[a\] & 50%\_{x} | -.029 \[-.13, .00\] |"
    assert lines[3] == r"| \* yard\|stick | 1.0 |"
    assert lines[5].startswith(r"| line break \\x1b\[2J |")
    assert lines[6:] == ["", r"Test part; \*not\* bold"]
    # As many cells in every row, whatever the names.
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines[:6]} == {3}


def test_a_latex_table_takes_names_as_text() -> None:
    table = as_latex(COLUMNS, caption="95 % intervals")
    lines = table.splitlines()
    assert r"\caption{95 \% intervals}" in lines and r"\begin{tabular}{lr}" in lines
    assert r"{}[a] \& 50\%\_\{x\} & $-$.029 [$-$.13, .00] \\" in lines
    assert r"{}* yard\textbar{}stick & 1.0 \\" in lines
    assert any(line.startswith(r"\textbackslash{}input\{/etc/passwd\} \$") for line in lines)
    assert r"line break \textbackslash{}x1b[2J & a-b 1-2 \\" in lines
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == 4 and all(len(re.findall(r"(?<!\\)&", row)) == 1 for row in body)
    assert table.count("{") - table.count(r"\{") == table.count("}") - table.count(r"\}")
