"""Generated people and companies whose duplicates are known, of any number, always the same ones.

A fifth of the records are further records of somebody who is there already. What makes it hard is
what makes a CRM hard: a few family names are common; colleagues share employer, town, mail domain
and often a switchboard; some companies have branches, which are companies of their own. Further
records have slips of the keyboard, initials and short forms, exchanged or missing names, other
notations of telephones, other legal forms, private mailboxes, new employers and gaps. All of it is
made up of syllables; nothing is taken from any set of data.
"""

import csv
import json
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

Row = dict[str, str]

PEOPLE = {
    "first_name": "given_name",
    "last_name": "family_name",
    "email": "email",
    "phone": "phone",
    "company": "company",
    "title": "job_title",
    "city": "city",
    "postcode": "postcode",
}
COMPANIES = {
    "name": "name",
    "website": "website",
    "phone": "phone",
    "street": "street",
    "city": "city",
    "postcode": "postcode",
}
KINDS = {"people": PEOPLE, "companies": COMPANIES}

SHORT = {
    "William": "Bill",
    "Robert": "Bob",
    "Elizabeth": "Liz",
    "Michael": "Mike",
    "Katherine": "Kate",
    "Thomas": "Tom",
    "Jennifer": "Jen",
    "Christopher": "Chris",
    "Margaret": "Peggy",
    "Richard": "Rick",
    "Susan": "Sue",
    "Andrew": "Andy",
}
TRADES = ("Systems", "Foods", "Logistics", "Partners", "Care", "Analytics", "Energy", "Design")
FORMS = (("Inc.", "Inc", "Incorporated", ""), ("Ltd", "Limited", "LTD.", ""), ("GmbH", "gmbh", ""))
FREE = ("gmail.com", "yahoo.com", "outlook.com")
TITLES = ("CEO", "CTO", "Sales Manager", "Buyer", "Engineer", "Assistant", "")
STREETS = (("Street", "St"), ("Road", "Rd"), ("Avenue", "Ave"))


class Luck:
    """Words, numbers and slips by a seed."""

    def __init__(self, seed: int) -> None:
        self.of = random.Random(seed)
        self._syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an")]

    def word(self, least: int, most: int) -> str:
        """A name of so many syllables."""
        return "".join(self.of.choices(self._syllables, k=self.of.randint(least, most))).title()

    def number(self) -> str:
        """A telephone number of ten digits."""
        return str(self.of.randint(2_010_000_000, 9_899_999_999))

    def happens(self, share: float) -> bool:
        """Whether something happens that happens so often."""
        return self.of.random() < share

    def slip(self, text: str) -> str:
        """The text with one letter left out, doubled, exchanged with the next, or another."""
        if len(text) < 3:
            return text
        at = self.of.randrange(1, len(text) - 1)
        return self.of.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + text[at] + text[at:],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
                text[:at] + self.of.choice("aeiorstln") + text[at + 1 :],
            )
        )

    def notation(self, number: str) -> str:
        """One of the ways to write a number."""
        area, middle, last = number[:3], number[3:6], number[6:]
        return self.of.choice(
            (number, f"({area}) {middle}-{last}", f"{area}.{middle}.{last}", f"+1 {number}")
        )


class World:
    """Names, towns and companies for so many records."""

    def __init__(self, size: int, seed: int) -> None:
        luck = self.luck = Luck(seed)
        self.families = [luck.word(2, 4) for _ in range(max(300, int(size**0.7)))]
        self.givens = [*SHORT, *(luck.word(1, 3) for _ in range(500))]
        self.towns = [
            (luck.word(2, 3) + luck.of.choice(("ton", "ville", "burg")), f"{code:05}")
            for code in luck.of.sample(range(10_000, 99_999), min(max(60, size // 100), 20_000))
        ]
        self.firms = [self.company() for _ in range(max(30, size // 8))]

    def company(self) -> Row:
        """A company."""
        luck = self.luck
        root = " ".join(luck.word(2, 3) for _ in range(luck.of.choice((1, 1, 2))))
        trade, forms = luck.of.choice(TRADES), luck.of.choice(FORMS)
        city, post = luck.of.choice(self.towns)
        site = f"{root}{trade if luck.happens(0.6) else ''}".replace(" ", "").lower() + ".com"
        return {
            "name": f"{root} {trade} {forms[0]}",
            "website": f"www.{site}",
            "phone": luck.number(),
            "street": f"{luck.of.randint(1, 400)} {luck.word(2, 3)} {luck.of.choice(STREETS)[0]}",
            "city": city,
            "postcode": post,
        }

    def companies(self) -> Iterator[list[Row]]:
        """Companies without end, each with its further records; some are branches of another."""
        luck = self.luck
        last = self.company()
        while True:
            one = self.company()
            if luck.happens(0.04):
                one = {**one, "name": last["name"], "website": last["website"]}
            last = one
            yield [one, *(self._company_again(one) for _ in range(self._times()))]

    def people(self) -> Iterator[list[Row]]:
        """People without end, each with their further records."""
        while True:
            one = self._person()
            yield [one, *(self._person_again(one) for _ in range(self._times()))]

    def _times(self) -> int:
        return 0 if self.luck.happens(0.85) else self.luck.of.choice((1, 1, 1, 2, 3))

    def _person(self) -> Row:
        luck = self.luck
        rank = int(len(self.families) * luck.of.random() ** 1.7)  # the first has one in fifty
        family = self.families[rank]
        row = {"first_name": luck.of.choice(self.givens), "last_name": family}
        row["title"] = luck.of.choice(TITLES)
        return self._employed(row, luck.of.choice(self.firms))

    def _employed(self, row: Row, firm: Row) -> Row:
        luck = self.luck
        own = luck.happens(0.65)
        return {
            **row,
            "email": self._mailbox(row, firm["website"].removeprefix("www.")),
            "phone": luck.notation(luck.number() if own else firm["phone"]),
            "company": firm["name"],
            "city": firm["city"],
            "postcode": firm["postcode"],
        }

    def _mailbox(self, row: Row, domain: str) -> str:
        luck = self.luck
        given, family = row["first_name"].lower(), row["last_name"].lower()
        if luck.happens(0.12):
            return f"{given}{family}{luck.of.randint(1, 99)}@{luck.of.choice(FREE)}"
        local = luck.of.choice((f"{given}.{family}", f"{given}.{family}", f"{given[0]}{family}"))
        return f"{local}@{domain}"

    def _person_again(self, one: Row) -> Row:
        luck = self.luck
        row = dict(one)
        if luck.happens(0.06):  # a new employer
            row = self._employed(row, luck.of.choice(self.firms))
            if luck.happens(0.7):
                row["phone"] = one["phone"]
        changes: tuple[tuple[float, Callable[[Row], None]], ...] = (
            (0.12, lambda to: to.update(last_name=luck.slip(to["last_name"]))),
            (0.08, lambda to: to.update(first_name=luck.slip(to["first_name"]))),
            (0.10, lambda to: to.update(first_name=f"{to['first_name'][0]}.")),
            (0.10, lambda to: to.update(first_name=SHORT.get(to["first_name"], to["first_name"]))),
            (0.02, lambda to: to.update(first_name=to["last_name"], last_name=to["first_name"])),
            (0.02, lambda to: to.update(first_name="")),
            (0.06, lambda to: to.update(last_name=to["last_name"].upper())),
            (0.25, lambda to: to.update(email="")),
            (0.12, lambda to: to.update(email=self._mailbox(one, luck.of.choice(FREE)))),
            (0.06, lambda to: to.update(email=luck.slip(to["email"]))),
            (0.30, lambda to: to.update(phone="")),
            (0.10, lambda to: to.update(phone=luck.notation(luck.number()))),
            (0.15, lambda to: to.update(company="")),
            (0.20, lambda to: to.update(company=self._other_form(to["company"]))),
            (0.15, lambda to: to.update(city="", postcode="")),
            (0.05, lambda to: to.update(city=luck.slip(to["city"]))),
            (0.30, lambda to: to.update(title=luck.of.choice(TITLES))),
        )
        return self._changed(row, changes)

    def _company_again(self, one: Row) -> Row:
        luck = self.luck
        changes: tuple[tuple[float, Callable[[Row], None]], ...] = (
            (0.50, lambda to: to.update(name=self._other_form(to["name"]))),
            (0.15, lambda to: to.update(name=luck.slip(to["name"]))),
            (0.08, lambda to: to.update(name=to["name"].upper())),
            (0.25, lambda to: to.update(website="")),
            (0.30, lambda to: to.update(website=f"https://{to['website']}/home")),
            (0.30, lambda to: to.update(phone="")),
            (0.40, lambda to: to.update(phone=luck.notation(to["phone"] or luck.number()))),
            (0.40, lambda to: to.update(street=self._other_street(to["street"]))),
            (0.15, lambda to: to.update(street="")),
            (0.15, lambda to: to.update(postcode="")),
            (0.08, lambda to: to.update(city=luck.slip(to["city"]))),
        )
        return self._changed(dict(one), changes)

    def _changed(self, row: Row, changes: tuple[tuple[float, Callable[[Row], None]], ...]) -> Row:
        for share, change in changes:
            if self.luck.happens(share):
                change(row)
        return row

    def _other_form(self, name: str) -> str:
        for forms in FORMS:
            if name.endswith(f" {forms[0]}"):
                other = self.luck.of.choice(forms)
                return f"{name.removesuffix(forms[0])}{other}".strip()
        return name

    def _other_street(self, street: str) -> str:
        for long, short in STREETS:
            if street.endswith(long):
                return street.removesuffix(long) + short
        return street


def generated(kind: str, size: int, seed: int = 1) -> Iterator[tuple[str, Row, str]]:
    """So many records of *people* or *companies*: a name, the row, and who or what it is.

    Records of one entity do not stand together.
    """
    world = World(size, seed)
    groups = world.people() if kind == "people" else world.companies()
    rows = islice(
        ((row, f"e{entity}") for entity, group in enumerate(groups) for row in group), size
    )
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)
    return ((f"r{at}", row, entity) for at, (row, entity) in enumerate(mixed))


def write_scale(kind: str, size: int, folder: Path, seed: int = 1) -> Path:
    """The folder of a generated set, which is made unless it is there."""
    types = KINDS[kind]
    place = folder / f"generated_{kind}_{size}"
    if (place / "meta.json").exists():
        return place
    place.mkdir(parents=True, exist_ok=True)
    with (
        (place / "records.csv").open("w", encoding="utf-8", newline="") as file,
        (place / "truth.csv").open("w", encoding="utf-8", newline="") as truth,
    ):
        records, entities = csv.writer(file), csv.writer(truth)
        records.writerow(("rec_id", *types))
        entities.writerow(("rec_id", "cluster"))
        for name, row, entity in generated(kind, size, seed):
            records.writerow((name, *(row[column] for column in types)))
            entities.writerow((name, entity))
    meta = {"types": types, "link_source": None, "rows": size, "seed": seed}
    (place / "meta.json").write_text(json.dumps(meta), "utf-8")
    return place
