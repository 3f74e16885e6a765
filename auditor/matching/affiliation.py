"""Who seems to run a branded account: the school, its supporters, its students, or a pretender."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.matching.vocabulary import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASS_OF = re.compile(r"(?:class ?of|co) ?'?(?:20)?\d\d")
FRIENDS_OF = re.compile(r"friends ?of")


class Affiliation(StrEnum):
    """Who seems to run an account that carries the district's name."""

    OFFICIAL_LOOKING = "official_looking"
    SUPPORT_GROUP = "support_group"
    STUDENT_RUN = "student_run"
    IMPERSONATION_SUSPECTED = "impersonation_suspected"
    UNRELATED = "unrelated"


def affiliate(tags: Tag, texts: Sequence[str], *, is_disguised: bool) -> Affiliation:
    """Tell who seems to run the account from its words' tags and its folded names.

    A disguised name (leet, look-alike letters) or words like "parody" suspect a pretender.
    """
    joined = " ".join(texts)
    if is_disguised or tags & Tag.FAKE:
        return Affiliation.IMPERSONATION_SUSPECTED
    if tags & Tag.SUPPORT or FRIENDS_OF.search(joined):
        return Affiliation.SUPPORT_GROUP
    if tags & Tag.STUDENT or CLASS_OF.search(joined):
        return Affiliation.STUDENT_RUN
    return Affiliation.OFFICIAL_LOOKING
