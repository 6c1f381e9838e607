"""The Maven sales data as records: accounts with parents, sales people with managers, and deals."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from attrs import frozen

from crmcore import Account, CustomField, Model, Money, Opportunity, Record, Rollup, User
from crmcore.fields import Date, Picklist, Text
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F
from crmcore.values.ids import AccountId, OpportunityId, UserId

STAGES = {
    "Prospecting": "Prospecting",
    "Engaging": "Qualification",
    "Won": "Won",
    "Lost": "Lost",
}
"""The stage of the standard pipeline for each stage of the file."""

SPELLING = {"GTXPro": "GTX Pro"}
"""How a product is called in the list of products, where the deals call it otherwise."""

WON_BY_SELLER = Rollup(
    name="won_by_seller",
    child=Opportunity,
    by=F.owner_id,
    over=User,
    where=F.stage_category == "won",
    value=F.amount,
    aggregate="sum",
)
"""What each sales person has won, managers with all their agents."""


@frozen(kw_only=True)
class Maven:
    """The records of the files, and a model that fits them."""

    model: Model
    accounts: tuple[Account, ...]
    users: tuple[User, ...]
    deals: tuple[Opportunity, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All of them."""
        return (*self.users, *self.accounts, *self.deals)


def load(folder: Path, *, spelling: Mapping[str, str] = SPELLING) -> Maven:
    """The records of the files in ``folder``; ids are made from names, and so always the same."""
    return Maven(
        model=model(folder),
        accounts=tuple(accounts(folder)),
        users=tuple(users(folder)),
        deals=tuple(deals(folder, spelling)),
    )


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower())


def account_id(name: str) -> AccountId | None:
    return AccountId(f"account-{slug(name)}") if name else None


def user_id(name: str) -> UserId:
    return UserId(f"user-{slug(name)}")


def model(folder: Path) -> Model:
    """Everything is in US dollars; a deal is about a product of the list."""
    products = [row["product"] for row in rows(folder / "products.csv")]
    return (
        STANDARD_MODEL.with_currency("USD")
        .with_custom_fields(
            Opportunity,
            CustomField(name="product", type=Picklist(*products)),
            CustomField(name="engaged_on", type=Date()),
        )
        .with_custom_fields(
            Account,
            CustomField(name="founded", type=Text(max_length=4)),
            CustomField(name="office", type=Text()),
        )
    )


def accounts(folder: Path) -> Iterator[Account]:
    """Parents are given by name; revenue is in millions."""
    for row in rows(folder / "accounts.csv"):
        revenue = Money(Decimal(row["revenue"]) * 1_000_000, "USD")
        yield Account(
            id=AccountId(f"account-{slug(row['account'])}"),
            name=row["account"],
            parent_id=account_id(row["subsidiary_of"]),
            industry=row["sector"],
            employees=int(row["employees"]),
            annual_revenue=revenue,
            custom={"founded": row["year_established"], "office": row["office_location"]},
        )


def users(folder: Path) -> Iterator[User]:
    """First the managers, who are named beside their agents only."""
    teams = list(rows(folder / "sales_teams.csv"))
    for name in dict.fromkeys(row["manager"] for row in teams):
        yield User(id=user_id(name), name=name)
    for row in teams:
        yield User(
            id=user_id(row["sales_agent"]),
            name=row["sales_agent"],
            manager_id=user_id(row["manager"]),
            team=row["regional_office"],
        )


def deals(folder: Path, spelling: Mapping[str, str]) -> Iterator[Opportunity]:
    """Only a deal that was won has an amount: the 0 of a lost one is no price."""
    for row in rows(folder / "sales_pipeline.csv"):
        won = row["deal_stage"] == "Won"
        custom: dict[str, object] = {"product": spelling.get(row["product"], row["product"])}
        if row["engage_date"]:
            custom["engaged_on"] = date.fromisoformat(row["engage_date"])
        yield Opportunity(
            id=OpportunityId(row["opportunity_id"]),
            name=f"{custom['product']} for {row['account'] or 'somebody'}",
            account_id=account_id(row["account"]),
            owner_id=user_id(row["sales_agent"]),
            stage=STAGES[row["deal_stage"]],
            amount=Money(row["close_value"], "USD") if won else None,
            close_on=date.fromisoformat(row["close_date"]) if row["close_date"] else None,
            custom=custom,
        )
