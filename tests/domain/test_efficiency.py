import pytest

from roi_pipeline.domain.efficiency import batch_against_realtime, cheaper


def test_w04_batch_against_realtime(worked):
    given, expected = worked("W04")["inputs"], worked("W04")["expected"]
    found = [
        batch_against_realtime(
            given["predictions"],
            given["realtime_cost"],
            discount,
            given["monthly_value"],
            given["time_sensitive_share"],
            given["delay_days"],
            given["hurdle_annual"],
        )
        for discount in given["reduction"]
    ]
    assert [one.saving for one in found] == pytest.approx(expected["saving"])
    assert found[0].value_lost == pytest.approx(expected["value_lost"])
    assert found[0].deferral == pytest.approx(expected["deferral_cost"], abs=1e-6)
    assert [one.net for one in found] == pytest.approx(expected["net_change"], abs=1e-6)
    shares = [one.time_sensitive_share for one in found]
    assert shares == pytest.approx(expected["breakeven_time_sensitive_share"])


def test_without_value_no_share_of_it_can_be_lost():
    assert batch_against_realtime(10, 1.0, 0.5, 0.0, 0.1, 1, 0.12).time_sensitive_share is None


def test_w19_quantisation(worked):
    given, expected = worked("W19")["inputs"], worked("W19")["expected"]
    found = cheaper(
        given["capex"],
        given["value"],
        given["compute"],
        given["other"],
        given["compute_cut"],
        given["value_loss"],
    )
    assert found.months_before == pytest.approx(expected["before"])
    assert found.months_after == pytest.approx(expected["after"], abs=1e-6)
    gained = found.months_before - found.months_after
    assert gained == pytest.approx(expected["months_gained"], abs=1e-6)
    limit = expected["max_value_loss_for_gain"]
    assert found.value_loss_at_no_gain == pytest.approx(limit, abs=1e-6)
    assert cheaper(1.0, 10.0, 20.0, 0.0, 0.1, 0.0).months_after is None
