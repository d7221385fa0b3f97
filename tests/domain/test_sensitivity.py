import numpy as np
import pytest

from roi_pipeline.domain.sensitivity import elasticity, grid, threshold_value, tornado
from roi_pipeline.domain.simulation import copula, in_order_of

SHARE = (0.0, 1.0)


@pytest.fixture
def w20(worked):
    """Fraud of W01: 5 in 1,000, 3 a review, a good customer stopped at 3 + 0.012 x 90."""
    given, expected = worked("W20")["inputs"], worked("W20")["expected"]
    base = dict(given["base"])

    def result(x):
        volume = x["volume"]
        stopped = volume * 0.005 * x["recall"]
        false = volume * 0.995 * x["fpr"]
        return stopped * (x["loss"] - 3) - false * 4.08 - x["opex"]

    return result, base, expected, given["mc"]


def test_the_base(w20):
    result, base, expected, _ = w20
    assert result(base) == pytest.approx(expected["base_net"], rel=1e-9)


def test_tornado(w20):
    result, base, expected, _ = w20
    bars = tornado(result, base, {"recall": SHARE, "fpr": SHARE})
    assert [bar.name for bar in bars] == expected["tornado_order"]
    for bar in bars:
        assert [bar.low, bar.high] == pytest.approx(expected["tornado_low_high"][bar.name])


def test_threshold_values(w20):
    result, base, expected, _ = w20
    for name, value in expected["threshold_value"].items():
        within = SHARE if name in ("recall", "fpr") else (0.0, 1e9)
        assert threshold_value(result, base, name, within) == pytest.approx(
            value, rel=1e-9, abs=1e-6
        )


def test_no_value_of_a_share_alone_reaches_zero(w20):
    result, base, _, _ = w20
    dear = {**base, "opex": 1e7}
    assert threshold_value(result, dear, "recall", SHARE) is None


def test_a_curve_is_bisected():
    found = threshold_value(lambda x: x["a"] ** 3 - 8, {"a": 5.0}, "a", (0.0, 10.0))
    assert found == pytest.approx(2.0, abs=1e-9)


def test_elasticities(w20):
    result, base, expected, _ = w20
    for name, value in expected["elasticity"].items():
        assert elasticity(result, base, name) == pytest.approx(value, abs=1e-6)


def test_grid(w20):
    result, base, expected, _ = w20
    costs = [base["opex"] * factor for factor in (1, 1.25, 1.5)]
    found = [
        worth for _, worth in grid(result, base, {"recall": [0.94, 0.88, 0.80], "opex": costs})
    ]
    rows = expected["grid_opex_x1_1.25_1.5"].values()
    assert found == pytest.approx([worth for row in rows for worth in row])


def test_monte_carlo(w20):
    result, base, expected, given = w20
    n, rho = given["n"], given["rho_recall_loss"]
    rng = np.random.default_rng(given["seed"])
    recall_z, loss_z, opex_z = copula(rng, [[1, rho, 0], [rho, 1, 0], [0, 0, 1]], n)
    recall = in_order_of(recall_z, rng.beta(94, 6, n))
    opex = in_order_of(opex_z, rng.triangular(100e3, 120e3, 180e3, n))
    loss = 178 * np.exp(0.2 * loss_z - 0.02)
    nets = result({**base, "recall": recall, "loss": loss, "opex": opex})
    mc = expected["mc"]
    assert np.mean(nets) == pytest.approx(mc["mean"], rel=mc["tolerance_rel"])
    for p in ("p05", "p50", "p95"):
        assert np.percentile(nets, int(p[1:])) == pytest.approx(mc[p], rel=mc["tolerance_rel"])
    assert np.mean(nets < 0) == mc["prob_negative"]
    ranks = [np.argsort(np.argsort(x)) for x in (recall, loss)]
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(mc["spearman_check_recall_loss"], abs=0.01)
