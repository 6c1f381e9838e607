"""A rule that asks for comparisons, for what shares them out."""

from collections import Counter
from collections.abc import Collection


class Asked:
    """A rule that asks for these pairs, each with its keys; what is left out is gone."""

    def __init__(self, pairs: dict[tuple[int, int], int]) -> None:
        self.pairs = dict(pairs)

    @property
    def partners(self) -> Counter[int]:
        return Counter(one for both in self.pairs for one in both)

    def asked(self, numbers: Collection[int], size: int) -> dict[int, int]:
        return {
            a * size + b: keys
            for (a, b), keys in self.pairs.items()
            if a in numbers or b in numbers
        }

    def leave_out(self, pairs: Collection[int], size: int) -> None:
        for both in pairs:
            del self.pairs[divmod(both, size)]
