"""Dice: choices that fall the same on every machine and Python version, and the words to choose from."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def listed(words: str) -> tuple[str, ...]:
    """*words*, which white space parts."""
    return tuple(words.split())


# None is a reserved word of JavaScript, so any of them may become a name there.
WORDS = listed(
    """
    account action active adapter address album alert amount anchor archive area article aside asset
    author avatar badge balance banner basket batch binding block border bottom bounds branch brand
    bucket budget buffer bundle button cache calendar callback camera canvas caption card carousel cart
    catalog category cell center channel chapter chart check child choice circle city clip closed cloud
    cluster code color column comment company compare contact content context control corner count
    country coupon cover cursor customer cycle dashboard date day deal delay delivery depth detail device
    dialog digest discount display distance document domain draft drawer drop duration edge editor effect
    element email empty entry error event example expanded factor feature feed field figure filter final
    first flag flight focus folder footer form format fragment frame gallery gap gauge global gradient
    graph grid group guest guide handle handler header heading height helper hidden highlight history
    holiday home hotel hover icon image inbox index inline inner input insert invoice item journal
    journey key label language last layer layout leading left legend length letter level limit line link
    list listener loading local locale location lock login logo lower main map margin marker market mask
    match measure media member menu message meta method middle minute mobile modal model module moment
    money month motion mouse name navigation network next node note notice number offer office offset
    open option order origin outer outline overlay owner padding page pair panel paper parent partner
    password path pattern payment percent period person phone photo picture pixel place plan player point
    pointer popup position post poster preview price primary print product profile progress project
    promise prompt property purchase quantity query question queue quote radius range rating ratio reader
    recent record region register related release remote reply report request reset resource response
    result retry review ribbon right room root rotate route row ruler sample scale scene schedule score
    screen script scroll search season second section selected sender service session setting shadow
    shape share sheet shelf shipping shop side sidebar signal size skin slide slider snapshot socket sort
    source space spinner spread square stack stage start status step stock stop store stream street style
    subject submit summary support surface swatch symbol tab table tag target task team template tenant
    term text theme thumb ticket tile time timer title toast toggle token toolbar tooltip top total touch
    tour track transfer transition travel tree trigger type unit update upper user value variant vendor
    version video view visible visit voice volume voucher wallet warning week weight widget width window
    winter wizard word wrapper year zone zoom
    """
)


class Dice:
    """Seeded choices. Only ``random()`` is asked: its sequence alone is promised from version to version."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed).random

    def below(self, end: int) -> int:
        return int(self.random() * end)

    def between(self, low: int, high: int) -> int:
        """*high* may fall."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def favour(self, choices: Sequence[T]) -> T:
        """The first ones far more often than the last, as names in a file and words in a language."""
        fall = self.random()
        return choices[int(fall * fall * len(choices))]

    def chance(self, percent: int) -> bool:
        return self.random() * 100 < percent

    def words(self, low: int, high: int) -> str:
        return " ".join(self.pick(WORDS) for _ in range(self.between(low, high)))

    def sample(self, count: int) -> list[str]:
        """*count* different words."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[self.pick(WORDS)] = None
        return list(found)


def noise(seed: str, size: int) -> bytes:
    """*size* bytes that no compressor makes smaller."""
    return hashlib.shake_256(seed.encode()).digest(size)
