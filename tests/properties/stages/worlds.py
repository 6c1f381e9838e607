"""Sales processes, and deals in them, to try the laws of stages on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from crmcore import STANDARD_MODEL, Crm, Model, Money, Opportunity, Pipeline, Stage
from crmcore.model.pipeline import ForecastCategory, StageCategory

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["Won", "Lost", "Open", "a", "b", "c", "d", "closed", "100 %"]
OPEN_FORECASTS = [one for one in ForecastCategory if one is not ForecastCategory.CLOSED]


class Hours:
    """A clock that is an hour later at every look."""

    def __init__(self) -> None:
        self.hours = 0

    def __call__(self) -> datetime:
        self.hours += 1
        return START + timedelta(hours=self.hours)


@st.composite
def pipelines(draw: st.DrawFn, key: str = "standard") -> Pipeline:
    """A sales process whose stages have misleading names, in any order."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=3, max_size=6, unique=True))
    rest = [draw(st.sampled_from(StageCategory)) for _ in names[3:]]
    categories = draw(st.permutations([*StageCategory, *rest]))
    stages = []
    for name, category in zip(names, categories, strict=True):
        if category is StageCategory.OPEN:
            probability, forecast = draw(st.integers(0, 100)), draw(st.sampled_from(OPEN_FORECASTS))
            stages.append(Stage(name, category, Decimal(probability), forecast))
        else:
            stages.append(Stage(name, category))
    return Pipeline(key, tuple(stages))


@st.composite
def models(draw: st.DrawFn, *others: str) -> Model:
    """A model with a standard pipeline, and one for each of these keys."""
    return STANDARD_MODEL.with_pipelines(
        draw(pipelines()), *(draw(pipelines(key)) for key in others)
    )


OWN = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.integers(0, 1000).map(lambda one: Money(one, "EUR")),
        "probability": st.integers(0, 100).map(Decimal),
        "forecast_category": st.sampled_from([one.value for one in ForecastCategory]),
        "close_on": st.just(date(2026, 6, 30)),
    },
)


@st.composite
def deals(draw: st.DrawFn, model: Model) -> list[Opportunity]:
    """Deals in any stage of any pipeline."""
    places = [(one.key, stage.key) for one in model.pipelines for stage in one.stages]
    found: list[Opportunity] = []
    for number in range(draw(st.integers(1, 6))):
        pipeline, stage = draw(st.sampled_from(places))
        own: Any = draw(OWN) | {"id": f"d{number}"}
        found.append(Opportunity(name=f"Deal {number}", pipeline=pipeline, stage=stage, **own))
    return found


def crm_with(model: Model, *records: Opportunity) -> Crm:
    """A CRM in memory with these records."""
    crm = Crm(model=model, clock=Hours())
    crm.add_all(records)
    return crm
