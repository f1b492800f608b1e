"""The trial of thresholds: a value that is set is the one that is read with, and is gone afterwards."""

import sys
from importlib import import_module

import pytest

from parsers import explain, extract, inlines, records
from parsers.labels import label_index
from tests.understanding import thresholds
from tests.understanding.generate import SETTINGS, case
from tests.understanding.thresholds import TRIED, changed, chosen, measured, prepared


def test_a_value_that_spoils_reading_shows_in_its_row_and_in_no_later_one():
    mails = prepared([case(f"spoil/{number}", faulty=False) for number in range(6)], blank=False)
    usual, spoilt, same = [
        line.split("|")[3:-1]
        for line in list(measured({"parsers.labels.LABEL_LIMIT": (0,), "parsers.scoring._MARGIN": (1.0,)}, mails))[2:]
    ]
    assert int(spoilt[-1]) > 0
    assert same == usual


def test_a_constant_is_set_where_it_is_imported_by_name_too():
    usual = extract.FORM_MARGIN
    with changed("parsers.extract.FORM_MARGIN", 7.5):
        assert (extract.FORM_MARGIN, explain.FORM_MARGIN) == (7.5, 7.5)
    assert {extract.FORM_MARGIN, explain.FORM_MARGIN} == {usual}


def test_a_constant_that_is_a_default_of_a_function_is_set_there():
    usual = inlines.clusters.__kwdefaults__["style_lines"]
    with changed("parsers.inlines._STYLE_LINES", 5):
        assert inlines.clusters.__kwdefaults__["style_lines"] == 5
    assert inlines.clusters.__kwdefaults__["style_lines"] == usual


def test_what_was_remembered_with_the_other_value_is_forgotten():
    forms = SETTINGS.campaign.forms
    usual = label_index(forms)
    with changed("parsers.labels.LABEL_LIMIT", 12):
        other = label_index(forms)
        assert other is not usual
    assert label_index(forms) is not other


def test_a_constant_is_set_back_after_an_error():
    usual = records._SURE_FIT
    with pytest.raises(ZeroDivisionError), changed("parsers.records._SURE_FIT", 0.1):
        raise ZeroDivisionError
    assert usual == records._SURE_FIT


def test_a_constant_that_no_function_looks_up_is_refused(monkeypatch):
    monkeypatch.setattr(sys.modules["parsers.scoring"], "_BUILT_IN", 3, raising=False)
    with pytest.raises(ValueError, match="no function looks it up"), changed("parsers.scoring._BUILT_IN", 4):
        pass


def test_every_threshold_of_the_table_can_be_tried_and_its_values_differ_from_its_own():
    for name, values in TRIED.items():
        place, _, attribute = name.rpartition(".")
        with changed(name, values[0]):
            pass
        assert getattr(import_module(place), attribute) not in values, name


def test_names_are_taken_as_typed_and_unknown_ones_are_refused():
    assert chosen(["_TWO_EDITS_FROM"], blank=False) == {
        "parsers.labels._TWO_EDITS_FROM": TRIED["parsers.labels._TWO_EDITS_FROM"]
    }
    assert chosen(["_TWO_EDITS_FROM=0,5"], blank=False) == {"parsers.labels._TWO_EDITS_FROM": (0, 5)}
    assert "parsers.scoring._MARGIN" in chosen(["scoring"], blank=False)
    with pytest.raises(ValueError, match="_NOWHERE"):
        chosen(["_NOWHERE"], blank=False)


def test_what_compares_with_the_blank_form_is_tried_with_one():
    own = {name for name in TRIED if name.startswith(thresholds.WITH_BLANK)}
    assert own
    assert own.isdisjoint(chosen([], blank=False))
    assert own <= {*chosen([], blank=True)}
