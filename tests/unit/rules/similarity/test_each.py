from collections import Counter

from crmcore.rules.similarity.each import each


def test_each_different_value_is_looked_at_once() -> None:
    seen: Counter[object] = Counter()

    def make(one: object) -> str:
        seen[one] += 1
        return str(one)

    assert each(make, ["b", None, "b", "a"]) == ["b", "None", "b", "a"]
    assert set(seen.values()) == {1}
    assert each(make, []) == []


def test_what_cannot_be_hashed_is_looked_at_each_time() -> None:
    assert each(str, [["a"], "b", ["a"]]) == ["['a']", "b", "['a']"]
