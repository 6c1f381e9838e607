"""ReportCommands: the commands of ``Crm`` that make reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from crmcore.crm import reading, reporting
from crmcore.crm.commands.core import Core
from crmcore.entities import Account, Lead, Opportunity, Record
from crmcore.errors import UsageError
from crmcore.query import ALL, Filter
from crmcore.reports.account_view import AccountView, account_view
from crmcore.reports.activity import ActivityReport, activity_report
from crmcore.reports.attribution import (
    LINEAR,
    AttributionModel,
    AttributionReport,
    attribution,
)
from crmcore.reports.forecast import ForecastReport, forecast
from crmcore.reports.funnel import Window, funnel
from crmcore.reports.grouping import By
from crmcore.reports.lead_funnel import lead_funnel
from crmcore.reports.material import Material
from crmcore.reports.odds import Backtest, OddsReport, backtest, observed_odds
from crmcore.reports.outcomes import OutcomeReport, outcomes
from crmcore.reports.periods import Every, as_every
from crmcore.reports.pipeline import PipelineReport, pipeline
from crmcore.reports.scene import Asked
from crmcore.reports.steps import FunnelReport
from crmcore.rules.rollup import Scope

Moment = datetime | date | None
"""As of when: a moment with time zone, a date (its end in the model's zone), ``None``: now."""


class ReportCommands(Core):
    """The commands of ``Crm`` that make reports.

    What they have in common: ``where`` says which deals (or leads, touches ...) they are about,
    ``by`` how they are grouped: a field such as ``F.custom["product"]`` or its name, or one of
    ``"owner"``, ``"manager"``, ``"team"``, ``"account"``, ``"ultimate_parent"``. ``as_of`` makes
    the report as it was known then, ``currency`` is that of its amounts (``None``: the model's).
    They raise ``UnknownNameError`` for a field that does not exist, and ``UsageError`` for a
    moment in the future.
    """

    def pipeline(
        self,
        *,
        where: Filter = ALL,
        by: By = None,
        as_of: Moment = None,
        currency: str | None = None,
    ) -> PipelineReport:
        """The open deals by stage: count, amount, weighted amount, average."""
        asked = Asked(where=where, by=by, as_of=as_of, currency=currency)
        return pipeline(self._material(reporting.DEALS), context=self._desk.context(), asked=asked)

    def funnel(
        self,
        of: type[Record] = Opportunity,
        *,
        since: date | None = None,
        until: date | None = None,
        where: Filter = ALL,
        by: By = None,
        as_of: Moment = None,
        currency: str | None = None,
    ) -> FunnelReport:
        """How many of those created from ``since`` to ``until`` reached each step.

        ``of`` is ``Opportunity``, from stage to stage, or ``Lead``, from captured lead to won deal.
        """
        asked = Asked(where=where, by=by, as_of=as_of, currency=currency)
        window, context = Window(since=since, until=until), self._desk.context()
        if of is Lead:
            leads = self._material(reporting.LEADS)
            return lead_funnel(leads, context=context, asked=asked, window=window)
        if of is not Opportunity:
            raise UsageError("a funnel is one of deals or leads", of, "pass Opportunity or Lead")
        deals = self._material(reporting.DEALS)
        return funnel(deals, context=context, asked=asked, window=window)

    def outcomes(
        self,
        *,
        every: Every | str | None = None,
        since: date | None = None,
        until: date | None = None,
        where: Filter = ALL,
        by: By = None,
        as_of: Moment = None,
        currency: str | None = None,
    ) -> OutcomeReport:
        """What was won and lost by close date: win rate, deal size, cycle, sales velocity.

        ``every`` cuts time into months, quarters or years (``None``: all time in one).
        """
        return outcomes(
            self._material(reporting.DEALS),
            context=self._desk.context(),
            asked=Asked(where=where, by=by, as_of=as_of, currency=currency),
            every=None if every is None else as_every(every),
            window=Window(since=since, until=until),
        )

    def forecast(
        self,
        *,
        every: Every | str = Every.MONTH,
        since: date | None = None,
        where: Filter = ALL,
        by: By = None,
        as_of: Moment = None,
        currency: str | None = None,
    ) -> ForecastReport:
        """What is won and expected by period: weighted, by category, against quota, and observed.

        From the period that ``since`` lies in (``None``: the present one).
        """
        return forecast(
            self._material(reporting.FORECAST),
            context=self._desk.context(),
            asked=Asked(where=where, by=by, as_of=as_of, currency=currency),
            every=as_every(every),
            since=since,
        )

    def odds(self, *, where: Filter = ALL, as_of: Moment = None) -> OddsReport:
        """How deals that were in each stage ended: observed win rate and time to winning."""
        return observed_odds(
            self._material(reporting.DEALS),
            context=self._desk.context(),
            asked=Asked(where=where, as_of=as_of),
        )

    def backtest(self, moments: Iterable[datetime | date], *, where: Filter = ALL) -> Backtest:
        """What forecasts made at these moments would have said, beside what came true."""
        return backtest(
            self._material(reporting.DEALS),
            moments,
            context=self._desk.context(),
            asked=Asked(where=where),
        )

    def attribution(
        self,
        model: AttributionModel | str = LINEAR,
        *,
        by: By = "source",
        where: Filter = ALL,
        as_of: Moment = None,
        currency: str | None = None,
    ) -> AttributionReport:
        """What each channel earned of the deals that were won, and what it cost.

        ``model`` is a model or its name: first, last, linear, u_shaped, w_shaped, full_path,
        time_decay, markov, shapley. ``by`` says what a channel is: a field of touches such as
        ``"source"`` or ``"medium"``, or ``"campaign"``. ``where`` is about deals.
        """
        return attribution(
            self._material(reporting.TOUCHES),
            context=self._desk.context(),
            asked=Asked(where=where, by=by, as_of=as_of, currency=currency),
            model=model,
        )

    def activity_report(
        self,
        *,
        every: Every | str = Every.MONTH,
        since: date | None = None,
        by: By = "owner",
        where: Filter = ALL,
        as_of: Moment = None,
    ) -> ActivityReport:
        """What each user did and left undone, by period, and what came of it.

        From the period that ``since`` lies in (``None``: the present one). ``where`` is about
        activities, ``by`` one of ``"owner"``, ``"manager"``, ``"team"``.
        """
        return activity_report(
            self._material(reporting.ACTIVITIES),
            context=self._desk.context(),
            asked=Asked(where=where, by=by, as_of=as_of),
            every=as_every(every),
            since=since,
        )

    def account_view(
        self,
        account_id: str,
        *,
        scope: Scope = Scope.SUBTREE,
        where: Filter = ALL,
        as_of: Moment = None,
        currency: str | None = None,
    ) -> AccountView:
        """Everything about an account and, by ``scope``, its group, on one page.

        Raises ``NotFoundError``; ``where`` is about deals.
        """
        with self._indexes.current(self._kept) as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
            found = self._kept.of(snapshot, reporting.ACCOUNT)
        return account_view(
            found,
            account.id,
            context=self._desk.context(),
            asked=Asked(where=where, as_of=as_of, currency=currency),
            scope=scope,
        )

    def _material(self, entities: Iterable[type[Record]]) -> Material:
        with self._indexes.current(self._kept) as snapshot:
            return self._kept.of(snapshot, entities)
