"""Which number of roi_monthly a column of threshold_status_monthly is taken from."""

from collections.abc import Mapping

STATUS: Mapping[str, str] = {
    "metric": "incremental_roi",
    "metric_low": "incremental_roi_low",
    "metric_high": "incremental_roi_high",
    "status": "incremental_roi",
    "operating_state": "incremental_roi",
    "investment_state": "cumulative_net_cash",
    "recommended_action": "incremental_roi",
    "rule_id": "incremental_roi",
    "evidence_months": "incremental_roi",
    "window_value": "window_value",
    "cumulative_net_cash_low": "cumulative_net_cash_low",
}
# Those that are the very number behind them.
COPIED = (*("metric", "metric_low", "metric_high", "window_value", "cumulative_net_cash_low"),)
