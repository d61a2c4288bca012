"""The counted program reads the works as they are."""

import json

import pytest

import works


@pytest.mark.parametrize("name", works.WORKS)
def test_a_work_is_written_for_the_counted_program(name: str) -> None:
    written = (works.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(works.text(name)), "write them: python benchmarks/works.py"


def test_the_indenture_work_uses_the_rules_it_names() -> None:
    work = works.indenture_work()
    columns = work.pool.columns()
    ccc = sum(par for par, low in zip(columns["par"], columns["ccc"], strict=True) if low)
    assert ccc / sum(columns["par"]) > 0.05
    assert len(work.pool.columns()["par"]) == 150
    simulation = work.simulate(2_000, threads=1)
    assert simulation.conservation_error < 1e-9
    assert simulation.notes.filter(note="E")["deferral_probability"][0] > 0.05
