import json
from collections.abc import Sequence

from crmcore.adapters.jsonfile.base import CHUNK
from crmcore.adapters.jsonfile.batch import Batch, Held, key_text
from crmcore.adapters.jsonfile.indexing import Indexing
from crmcore.adapters.jsonfile.lines import NO_LINK, is_sealed
from crmcore.adapters.jsonfile.places import Normal, Place, places_of
from crmcore.codec import Codec
from crmcore.entities import Activity, Contact
from crmcore.model.describe import Holds
from crmcore.model.model import STANDARD_MODEL
from crmcore.values import PersonName, Ref

CODEC = Codec(STANDARD_MODEL)
EMAIL = Place("contact", ("email",))
PHONE = Place("contact", ("phone",), normal=Normal.DIGITS)
OTHERS = Place("contact", ("other_emails",), Holds.TUPLE)
IDS = Place("contact", ("external_ids",), Holds.MAP)
WHO = Place("activity", ("who", "id"))


def batch(*held: Held, kind: str = "contact", texts: Sequence[str] = ()) -> Batch:
    ids = [f"c{number}" for number in range(len(held))]
    keys = [key_text(kind, id_) for id_ in ids]
    given = texts or ["{}"] * len(held)
    rows = CODEC.new_rows([])
    assert rows is not None
    return Batch(keys, [kind] * len(held), ids, [1] * len(held), given, held, rows.part)


def entries(places: Sequence[Place], *batches: tuple[str, Batch]) -> list[list[object]]:
    """Number, value, chunk and places of each index line."""
    indexing = Indexing(places)
    start = 0
    for kind, one in batches:
        indexing.add(kind, one, [start + 10 * (1 + number) for number in range(len(one))])
        start += 1000
    lines = b"".join(indexing.lines(NO_LINK)).splitlines(keepends=True)
    assert all(map(is_sealed, lines))
    names, *rest = map(json.loads, lines)
    assert names[:2] == ["indexes", sorted(place.name for place in places)]
    return [line[:4] for line in rest]


def contact(**fields: object) -> Contact:
    return Contact(name=PersonName(family="x"), **fields)  # type: ignore[arg-type]  # as the test says


def test_records_texts_and_mappings_say_the_same() -> None:
    some = [
        contact(email="b", phone="+1 (2)", other_emails=("x", "y"), external_ids={"erp": "7"}),
        contact(email="", phone="12"),
        contact(email="b"),
    ]
    rows = CODEC.new_rows(some)
    assert rows is not None
    places = [EMAIL, PHONE, OTHERS, IDS]
    wanted = [
        [100, "", 0, [20]],
        [100, "b", 0, [10, 30]],
        [101, "erp=7", 0, [10]],
        [102, "x", 0, [10]],
        [102, "y", 0, [10]],
        [103, "12", 0, [10, 20]],
    ]
    data = [CODEC.row(one).data for one in some]
    assert entries(places, ("contact", batch(*some))) == wanted
    assert entries(places, ("contact", batch(*data))) == wanted
    assert entries(places, ("contact", batch(None, None, None, texts=rows.texts))) == wanted
    mixed = batch(some[0], data[1], None, texts=rows.texts)
    assert entries(places, ("contact", mixed)) == wanted


def test_a_reference_is_found_by_its_id() -> None:
    one = Activity(subject="x", who=Ref("contact", "c"))
    assert entries([WHO], ("activity", batch(one, kind="activity"))) == [[100, "c", 0, [10]]]


def test_kinds_without_places_are_passed_over() -> None:
    assert entries([WHO], ("contact", batch(contact(email="x")))) == []


def test_values_stand_in_the_order_of_what_is_written() -> None:
    texts = ['a"', "a", "a b", "é", "😀", "\uffff", "a\\"]
    found = entries([EMAIL], ("contact", batch(*[contact(email=text) for text in texts])))
    written = [json.dumps(text, ensure_ascii=False).encode() for text in texts]
    assert [json.dumps(one[1], ensure_ascii=False).encode() for one in found] == sorted(written)


def test_many_places_take_several_lines() -> None:
    one = batch(*[contact(email="x") for _ in range(CHUNK)])
    found = entries([EMAIL], ("contact", one), ("contact", batch(contact(email="x"))))
    assert [(value, chunk, len(places)) for _, value, chunk, places in found] == [  # type: ignore[arg-type]  # a list
        ("x", 0, CHUNK),
        ("x", 1, 1),
    ]


def test_the_standard_places_are_all_asked_for() -> None:
    one = contact(email="x", account_id="a", reports_to_id="r", mobile="1", owner_id="o")
    found = entries(places_of(STANDARD_MODEL), ("contact", batch(one)))
    assert sorted(str(value) for _, value, *_ in found) == ["1", "a", "o", "r", "x"]
