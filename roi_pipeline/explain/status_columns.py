"""What the columns of threshold_status_monthly mean, and which number of roi_monthly stands behind
each. Applies none of them."""

from collections.abc import Mapping

# What a status column is, and the column of roi_monthly that stands behind it.
STATUS: Mapping[str, tuple[str, str, str]] = {
    "metric": ("incremental ROI over the evidence window", "§6, D8", "incremental_roi"),
    "metric_low": ("its lower bound", "§3.3, §4.2, §6", "incremental_roi_low"),
    "metric_high": ("its upper bound", "§3.3, §4.2, §6", "incremental_roi_high"),
    "status": ("the label of investment and operating state", "§6", "incremental_roi"),
    "operating_state": (
        "healthy, marginal or negative, by the bounds of the metric",
        "§6",
        "incremental_roi",
    ),
    "investment_state": (
        "recovered once the lower bound of the cumulative cash net is not negative",
        "§6",
        "cumulative_net_cash",
    ),
    "recommended_action": ("what the status asks for", "§6, §7", "incremental_roi"),
    "rule_id": ("the transition of method §6 that this month made", "§6", "incremental_roi"),
    "evidence_months": (
        "the months of evidence in a row that fulfil the rule",
        "§6, §8",
        "incremental_roi",
    ),
    "window_value": ("value of the evidence months", "§1.5, §6, D7", "window_value"),
    "cumulative_net_cash_low": (
        "cumulative cash net with the open predictions at their worst, less 1.96 standard errors",
        "§3.3, §4.2, §6",
        "cumulative_net_cash_low",
    ),
}
# Those that are the very number behind them.
COPIED = (*("metric", "metric_low", "metric_high", "window_value", "cumulative_net_cash_low"),)
