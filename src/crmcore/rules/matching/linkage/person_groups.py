"""Person groups: the pieces of evidence for two people being one."""

from __future__ import annotations

from typing import Final

from crmcore.rules.matching.linkage.weights import Group, Level

PERSON_GROUPS: Final = (
    Group(
        name="family name",
        shows=("name",),
        part="family",
        table="family",
        levels=(
            Level(name="same", likeness=1, m=0.8, u=0.0001, is_counted=True),
            Level(name="slip", likeness=0.9, m=0.09, u=0.0006),
            Level(name="part", likeness=0.8, m=0.01, u=0.0005),
            Level(name="alike", likeness=0.6, m=0.04, u=0.004),
            Level(name="initial", likeness=0.3, m=0.01, u=0.01, most=5.0),
            Level(name="different", likeness=0, m=0.05, u=0.98, most=-1.0),
        ),
    ),
    Group(
        name="given name",
        shows=("name",),
        part="given",
        table="given",
        levels=(
            Level(name="same", likeness=1, m=0.72, u=0.0001, is_counted=True),
            Level(name="slip", likeness=0.9, m=0.1, u=0.0015),
            Level(name="short form", likeness=0.9, m=0.04, u=0.002),
            Level(name="alike", likeness=0.6, m=0.05, u=0.008),
            Level(name="initial", likeness=0.4, m=0.05, u=0.03, most=5.0),
            Level(name="different", likeness=0, m=0.04, u=0.95, most=-2.0),
            Level(name="another name", likeness=0, m=0.01, u=0.9, most=-4.0),
        ),
    ),
    Group(
        name="e-mail",
        shows=("mail",),
        table="mail",
        levels=(
            Level(name="same", likeness=1, m=0.35, u=1e-5, is_counted=True, case="other name"),
            Level(
                name="same, as is the name",
                likeness=1,
                m=0.4,
                u=0.005,
                is_counted=True,
                case="one name",
            ),
            Level(name="slip", likeness=0.8, m=0.08, u=0.00003, case="other name"),
            Level(name="slip, as is the name", likeness=0.8, m=0.06, u=0.002, case="one name"),
            Level(name="alike", likeness=0.5, m=0.03, u=0.0005, case="other name"),
            Level(name="alike, as is the name", likeness=0.5, m=0.04, u=0.02, case="one name"),
            Level(name="same name elsewhere", likeness=0.3, m=0.04, u=0.01, most=4.0),
            Level(name="different", likeness=0, m=0.1, u=0.9, least=-4.0),
            Level(name="numbered apart", likeness=0, m=0.01, u=0.02, least=-6.0),
        ),
    ),
    Group(
        name="telephone",
        shows=("line",),
        table="line",
        levels=(
            Level(name="same", likeness=1, m=0.6, u=1e-5, is_counted=True),
            Level(name="slip", likeness=0.7, m=0.05, u=0.0001),
            Level(name="different", likeness=0, m=0.35, u=0.99, least=-3.0),
        ),
    ),
    Group(
        name="affiliation",
        shows=("company", "place", "mail"),
        levels=(
            Level(name="same employer", likeness=1, m=0.55, u=1e-5, is_counted=True),
            Level(name="employer alike", likeness=0.8, m=0.08, u=0.003),
            Level(name="same place", likeness=0.6, m=0.15, u=1e-5, is_counted=True),
            Level(name="same place, other employer", likeness=0.4, m=0.05, u=1e-5, is_counted=True),
            Level(name="other place", likeness=0, m=0.06, u=0.3, least=-4.0),
            Level(name="other employer", likeness=0, m=0.08, u=0.5, least=-4.0),
            Level(name="other employer and place", likeness=0, m=0.03, u=0.3, least=-6.0),
        ),
    ),
    Group(
        name="street",
        shows=("street",),
        table="house",
        levels=(
            Level(name="same", likeness=1, m=0.7, u=1e-5, is_counted=True),
            Level(name="alike", likeness=0.5, m=0.15, u=0.003, most=5.0),
            Level(name="different", likeness=0, m=0.15, u=0.99, least=-4.0),
        ),
    ),
    Group(
        name="birthday",
        shows=("birth",),
        table="birth",
        levels=(
            Level(name="same", likeness=1, m=0.8, u=0.00005, is_counted=True),
            Level(name="slip", likeness=0.8, m=0.12, u=0.001),
            Level(name="near", likeness=0.4, m=0.04, u=0.006),
            Level(name="different", likeness=0, m=0.03, u=0.4),
            Level(name="another generation", likeness=0, m=0.01, u=0.59),
        ),
    ),
    Group(
        name="identifier",
        shows=("identifier",),
        table="identifier",
        levels=(
            Level(name="same", likeness=1, m=0.9, u=1e-6, is_counted=True),
            Level(name="slip", likeness=0.8, m=0.07, u=0.00002),
            Level(name="different", likeness=0, m=0.03, u=1.0),
        ),
    ),
    Group(
        name="job title",
        shows=("title",),
        levels=(
            Level(name="same", likeness=1, m=0.7, u=0.001, is_counted=True, most=4.0),
            Level(name="different", likeness=0, m=0.3, u=0.95, least=-1.5),
        ),
    ),
    Group(
        name="middle name",
        shows=("name",),
        part="middle",
        levels=(
            Level(name="same", likeness=1, m=0.7, u=0.02, most=6.0),
            Level(name="initial", likeness=0.5, m=0.25, u=0.08, most=4.0),
            Level(name="different", likeness=0, m=0.05, u=0.9, least=-5.0),
        ),
    ),
    Group(
        name="birth year",
        shows=("year",),
        table="year",
        levels=(
            Level(name="same", likeness=1, m=0.85, u=1e-5, is_counted=True),
            Level(name="a year or two apart", likeness=0.6, m=0.08, u=0.06),
            Level(name="a digit apart", likeness=0.3, m=0.03, u=0.15),
            Level(name="different", likeness=0, m=0.04, u=0.8),
        ),
    ),
    Group(
        name="gender",
        shows=("gender",),
        levels=(
            Level(name="same", likeness=1, m=0.98, u=0.5),
            Level(name="different", likeness=0, m=0.02, u=0.5, least=-6.0),
        ),
    ),
)
"""What is known of two people, each piece of evidence with what counts for it as long as nothing
was learnt."""
