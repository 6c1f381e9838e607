"""Splink's side of ``matching.py``: the model that its documentation recommends for such columns.

Text is cleaned first, as its documentation asks for (lower case, digits of telephones, hosts of web
sites). The comparisons are those of its library: names, e-mail, date of birth; with term
frequencies wherever a value may be common. (Its joint comparison of forename and surname did worse
on sets of people here, and so did three blocks to train on instead of two.) What depends on each
other is not compared twice (``compared``). Blocks to compare are wide where columns are few. Rates
u come from random pairs, rates m from expectation maximisation over two blocks that leave different
columns free (``training``), and the prior from deterministic rules with few false matches
(``certain``), as in its tutorials. A pair is predicted at its threshold of 0.95, and so are
clusters. The choices were made by looking at the truth of the sets given, in favour of Splink.
"""

import time
import warnings
from typing import Any

import pandas as pd
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.95
MOST_TRAINED = 2
CLEAN = {"phone": r"\D+", "mobile": r"\D+", "national_id": r"\W+", "postcode": r"\s+"}
USED = (
    "given_name",
    "family_name",
    "name",
    "email",
    "birth_date",
    "national_id",
    "tax_id",
    "phone",
    "website",
    "company",
    "street",
    "postcode",
    "city",
)


def cleaned(frame: pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    """One column for each meaning that counts, in the notation that Splink wants."""
    made = pd.DataFrame({"unique_id": frame["rec_id"]})
    for meaning in USED:
        columns = [column for column, one in types.items() if one == meaning]
        if columns:
            text = frame[columns[0]].astype("string").str.strip().str.lower()
            if meaning in CLEAN:
                text = text.str.replace(CLEAN[meaning], "", regex=True)
            if meaning in {"phone", "mobile"}:
                text = text.str[-8:]
            if meaning == "website":
                text = text.str.replace(r"^(\w+://)?(www\.)?", "", regex=True)
                text = text.str.replace(r"/.*$", "", regex=True)
            if meaning == "birth_date":
                dates = pd.to_datetime(text, errors="coerce", format="mixed")
                text = dates.dt.strftime("%Y-%m-%d").astype("string")
            made[meaning] = text.mask(text == "", None)
    return made


def one_slip(column: str) -> Any:
    """Exact with its frequency, then one slip, then all else."""
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.ExactMatchLevel(column, term_frequency_adjustments=True),
            cll.LevenshteinLevel(column, 1),
            cll.ElseLevel(),
        ],
    )


def compared(columns: set[str]) -> set[str]:
    """The columns that count: of people at companies not also the places of these companies.

    Its documentation warns of columns that depend on each other. Company, city and postal code are
    one fact three times where no street says that the place is somebody's own.
    """
    if {"given_name", "family_name", "company"} <= columns and "street" not in columns:
        return columns - {"city", "postcode"}
    return columns


def comparisons(given: set[str]) -> list[Any]:
    """What is compared."""
    columns, found = compared(given), list[Any]()
    if {"given_name", "family_name"} <= columns:
        found += [
            cl.NameComparison(one).configure(term_frequency_adjustments=True)
            for one in ("given_name", "family_name")
        ]
    if "name" in columns:
        found.append(
            cl.JaroWinklerAtThresholds("name", [0.92, 0.88, 0.7]).configure(
                term_frequency_adjustments=True
            )
        )
    if "email" in columns:
        found.append(cl.EmailComparison("email").configure(term_frequency_adjustments=True))
    if "birth_date" in columns:
        found.append(cl.DateOfBirthComparison("birth_date", input_is_string=True))
    found += [
        one_slip(one)
        for one in ("phone", "national_id", "tax_id", "postcode", "website")
        if one in columns
    ]
    found += [
        cl.JaroWinklerAtThresholds(one, [0.9, 0.7]).configure(term_frequency_adjustments=True)
        for one in ("company", "street")
        if one in columns
    ]
    if "city" in columns and "postcode" not in columns:  # they say the same
        found.append(cl.ExactMatch("city").configure(term_frequency_adjustments=True))
    return found


def blocking(columns: set[str]) -> list[Any]:
    """Which pairs are compared: a strong value, or a name with another value."""
    alone = ("email", "phone", "national_id", "tax_id", "website")
    found = [block_on(one) for one in alone if one in columns]
    if {"given_name", "family_name"} <= columns:
        found.append(block_on("given_name", "family_name"))
        found += [
            block_on("family_name", one)
            for one in ("birth_date", "postcode", "company", "city")
            if one in columns
        ]
        found += [
            block_on("given_name", one)
            for one in ("birth_date", "postcode", "company")
            if one in columns
        ]
        if not columns & {"company", "phone"}:  # few columns: wider blocks, as in its tutorials
            found += [block_on(one) for one in ("birth_date",) if one in columns]
            found += [block_on("given_name", one) for one in ("city",) if one in columns]
            found.append(block_on("substr(given_name, 1, 3)", "substr(family_name, 1, 3)"))
    if "name" in columns:
        found.append(block_on("name"))
        found += [
            block_on("substr(name, 1, 3)", one) for one in ("postcode", "city") if one in columns
        ]
        if {"street", "city"} <= columns:
            found.append(block_on("street", "city"))
    return found


def training(columns: set[str]) -> list[Any]:
    """The blocks that expectation maximisation looks at; each column is free in one of them.

    They are those that leave free what does not follow from what they fix: a mailbox often follows
    from a name, so names are fixed only where neither street nor identifier are there instead.
    """
    blocks = []
    is_own = bool(columns & {"street", "national_id"})
    if {"given_name", "family_name"} <= columns and not is_own:
        blocks.append(block_on("given_name", "family_name"))
    if "name" in columns:
        blocks.append(block_on("name"))
    mails = ("phone", "email") if is_own else ("email", "website", "phone")
    order = ("birth_date", "national_id", "tax_id", *mails, "postcode")
    for strong in order:
        if strong in columns and len(blocks) < MOST_TRAINED:
            blocks.append(block_on(strong))
    return blocks


def certain(columns: set[str]) -> list[tuple[str, ...]]:
    """The rules that the prior follows from; its documentation asks for few false matches."""
    rules: list[tuple[str, ...]] = [("national_id",), ("tax_id",)]
    if {"given_name", "family_name", "phone"} <= columns:
        rules += [("given_name", "family_name", "phone"), ("email", "phone")]
    else:
        rules += [("email",), ("given_name", "family_name", "postcode")]
    rules += [("given_name", "birth_date"), ("family_name", "birth_date")]
    rules += [("name", "phone"), ("name", "postcode"), ("name", "city")]
    return [one for one in rules if columns.issuperset(one)]


def run(
    rows: list[dict[str, str | None]], types: dict[str, str], source: str | None
) -> tuple[float, list[list[str]], list[tuple[str, str]]]:
    """The seconds of a whole run, and the clusters and pairs at the threshold."""
    warnings.simplefilter("ignore")
    given = pd.DataFrame(rows)
    start = time.perf_counter()
    frame = cleaned(given, types)
    columns = set(frame.columns) - {"unique_id"}
    settings = SettingsCreator(
        link_type="link_only" if source else "dedupe_only",
        comparisons=comparisons(columns),
        blocking_rules_to_generate_predictions=blocking(columns),
        retain_matching_columns=False,
    )
    database = DuckDBAPI()
    if source:
        groups = [frame[given[source] == one] for one in sorted(given[source].unique())]
        tables: Any = [
            database.register(one.reset_index(drop=True), dataset_display_name=f"source_{at}")
            for at, one in enumerate(groups)
        ]
    else:
        tables = database.register(frame)
    linker = Linker(tables, settings, log_level="ERROR", validate_settings=False)
    sure = [block_on(*one) for one in certain(columns)]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in training(columns):
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    found = linker.inference.predict(threshold_match_probability=THRESHOLD)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(found, THRESHOLD)
    table = clustered.as_pandas_dataframe(limit=None)
    groups = table.groupby("cluster_id")["unique_id"].apply(list)
    clusters = [one for one in groups if len(one) > 1]
    seconds = time.perf_counter() - start
    pairs = found.as_pandas_dataframe(limit=None)
    return seconds, clusters, list(zip(pairs["unique_id_l"], pairs["unique_id_r"], strict=True))
