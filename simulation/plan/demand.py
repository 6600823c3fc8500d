"""From the forecasts and the line tables of a plan to the streams and the handling of its scenario."""

import math
from collections.abc import Mapping

from config.table import Table
from queues.desk import Desk, EntryId, Line, LineId
from simulation.laws import Law, exponential, lognormal
from simulation.plan.forecasts import Flow, Forecast
from simulation.plan.law_tables import DEFAULT_CV
from simulation.plan.line_tables import LinePlan, silent
from simulation.scenario import Handling, Stream

Factors = tuple[float, ...]


class Demand:
    """Streams and handling as they come together; faults are recorded where they come from."""

    def __init__(self, root: Table, desk: Desk, plans: Mapping[Flow, LinePlan]) -> None:
        self._root = root
        self._desk = desk
        self._plans = dict(plans)
        self._lines: dict[LineId, Line] = {line.id: line for line in desk.lines}
        self.streams: list[Stream] = []
        self.handling: dict[Flow, Handling] = {}

    def add(self, flow: Flow, forecast: Forecast) -> None:
        """The stream of one line and medium."""
        plan = self.plan(flow)
        talk, talk_factor = _talk(plan, forecast)
        patience, patience_factor = _patience(plan, forecast)
        entry = plan.entry or self._first_entry(flow, forecast, plan)
        self._handle(flow, plan, talk)
        if entry is not None:
            self.streams.append(
                Stream(
                    name="/".join(flow),
                    entry=entry,
                    expected=tuple(forecast.offered),
                    talk_factor=talk_factor,
                    patience=patience,
                    patience_factor=patience_factor,
                    vip_share=plan.vip_share,
                    vip_entry=plan.vip_entry,
                    redial=plan.redial,
                    backlog=plan.backlog,
                    keys=plan.keys,
                )
            )

    def reach(self, flow: Flow) -> None:
        """Contacts come to this line by another; its handling must be known."""
        if flow not in self.handling:
            plan = self.plan(flow)
            self._handle(flow, plan, plan.talk)

    def plan(self, flow: Flow) -> LinePlan:
        """The table of this line and medium, an empty one when there is none."""
        if flow not in self._plans:
            self._plans[flow] = silent(self._root, self._lines[flow[0]], flow[1])
        return self._plans[flow]

    def _handle(self, flow: Flow, plan: LinePlan, talk: Law | None) -> None:
        if talk is None:
            if "talk" not in plan.table:
                plan.table.error("talk", "missing key (contacts come here, how long do they talk?)")
            talk = exponential(0)
        self.handling[flow] = Handling(
            talk, plan.hold, plan.wrap_up, plan.code, plan.escalate, plan.escalate_to, plan.consult
        )

    def _first_entry(self, flow: Flow, forecast: Forecast, plan: LinePlan) -> EntryId | None:
        if "entry" in plan.table:
            return None
        for entry in self._desk.entries:
            if (entry.line, entry.medium) == flow:
                return entry.id
        reason = f"no {flow[1]} entry of the site leads to line {flow[0]}"
        if not forecast.rows:
            plan.table.error("", reason)
        else:
            next(iter(forecast.rows.values())).error("medium", reason)
        return None


def _talk(plan: LinePlan, forecast: Forecast) -> tuple[Law | None, Factors]:
    """The law of the talk and its factors: the handling time less hold and wrap-up, against its mean."""
    mean_s = forecast.mean_s(forecast.aht_s)
    if math.isnan(mean_s):
        return plan.talk, ()
    for interval, row in forecast.rows.items():
        if forecast.aht_s[interval] * 1000 < plan.other_ms:
            row.error("aht_s", f"hold and wrap-up alone take {plan.other_ms / 1000:g} s on average")
    law = plan.talk or lognormal(max(mean_s * 1000 - plan.other_ms, 0.0), DEFAULT_CV)
    if plan.talk is None:
        _refuse_gaps(forecast, forecast.aht_s, "aht_s", "talk", plan)
    if not law.mean_ms and "talk" in plan.table:
        plan.table.error("talk", "with mean 0 it cannot follow aht_s of the forecast")
    return law, _factors(law, [seconds * 1000 - plan.other_ms for seconds in forecast.aht_s])


def _patience(plan: LinePlan, forecast: Forecast) -> tuple[Law | None, Factors]:
    mean_s = forecast.mean_s(forecast.patience_s)
    if math.isnan(mean_s):
        return plan.patience, ()
    if plan.patience is None:
        _refuse_gaps(forecast, forecast.patience_s, "patience_s", "patience", plan)
    law = plan.patience or exponential(mean_s * 1000)
    if not law.mean_ms and plan.patience:
        plan.table.error("patience", "with mean 0 it cannot follow patience_s of the forecast")
    return law, _factors(law, [seconds * 1000 for seconds in forecast.patience_s])


def _factors(law: Law, wanted_ms: list[float]) -> Factors:
    """By what to multiply the law to get these means; 1 where nothing is wanted (NaN). Empty: all are 1."""
    factors = tuple(1.0 if math.isnan(ms) or not law.mean_ms else ms / law.mean_ms for ms in wanted_ms)
    return factors if any(abs(factor - 1) > 1e-12 for factor in factors) else ()


def _refuse_gaps(forecast: Forecast, said: list[float], column: str, key: str, plan: LinePlan) -> None:
    for interval, row in forecast.rows.items():
        if math.isnan(said[interval]) and forecast.offered[interval]:
            row.error(column, f"is empty, and {plan.table.key_path(key)} does not say it either")
