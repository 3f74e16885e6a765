"""The district's schools: settings, gazetteer and directory joined into one list with codes."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from auditor.errors import NoSuchSchool

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from auditor.settings import SchoolSettings
    from connectors.records import Person
    from connectors.records import School as SchoolRecord

NOT_SCHOOLS = frozenset({"district", "department", "local", "state", "national"})


SPELT_OUT = {
    "el": "elementary", "elem": "elementary", "es": "elementary", "hi": "high", "hs": "high",
    "jr": "junior", "ms": "middle", "mid": "middle", "sch": "school", "sr": "senior",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class School:
    """A school of the district; ``ids`` are the directory's (source, id) pairs for it."""

    code: str
    name: str
    town: str | None = None
    aliases: tuple[str, ...] = ()
    mascots: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    ids: frozenset[tuple[str, str]] = frozenset()

    def names_member(self, groups: Iterable[str]) -> bool:
        """Whether a pattern of ``members`` fits one of these ids, units or departments."""
        patterns = [pattern.casefold() for pattern in self.members]
        return any(fnmatchcase(one.casefold(), pattern) for one in groups for pattern in patterns)


class SchoolList:
    """Every school once, in a stable order, with the look-ups the night needs."""

    def __init__(self, schools: Iterable[School]) -> None:
        self.schools = tuple(schools)
        self._by_code = {school.code: school for school in self.schools}
        self._by_id = {pair: school.code for school in self.schools for pair in school.ids}

    def __iter__(self) -> Iterable[School]:
        return iter(self.schools)

    def name(self, code: str) -> str:
        """Return a school's name, or the code itself for one that is no longer there."""
        school = self._by_code.get(code)
        return school.name if school else code

    def codes_of(self, person: Person) -> tuple[str, ...]:
        """Return the codes of a person's schools, by directory id or by group pattern, sorted."""
        codes = {
            self._by_id[person.source, one]
            for one in person.schools
            if (person.source, one) in self._by_id
        }
        for school in self.schools:
            if school.names_member((*person.groups, *person.schools)):
                codes.add(school.code)
        return tuple(sorted(codes))

    def resolve(self, text: str) -> School:
        """Return the one school meant by code, exact name, alias or unique prefix; never a guess.

        Raises NoSuchSchool with up to three suggestions otherwise.
        """
        wanted = fold_name(text)
        for names in (lambda s: [s.code], lambda s: [s.name], lambda s: s.aliases):
            hits = [s for s in self.schools if wanted and wanted in map(fold_name, names(s))]
            if len(hits) == 1:
                return hits[0]
        key = school_key(text)
        hits = [s for s in self.schools if key and key in map(school_key, (s.name, *s.aliases))]
        if len(hits) == 1:
            return hits[0]
        hits = [s for s in self.schools if wanted and fold_name(s.name).startswith(wanted)]
        if len(hits) == 1:
            return hits[0]
        raise NoSuchSchool(self._suggest(text, wanted, hits))

    def _suggest(self, text: str, wanted: str, hits: Sequence[School]) -> str:
        near = [school.name for school in hits[:3]]
        if not near:
            by_name = {fold_name(school.name): school.name for school in self.schools}
            close = get_close_matches(wanted, by_name, 3, 0.6)
            near = [by_name[name] for name in close]
            near += [s.name for s in self.schools if wanted and wanted in fold_name(s.name)]
        near = list(dict.fromkeys(near))[:3]
        what = "fits more than one school" if len(hits) > 1 else "fits no school"
        hint = f"did you mean {', '.join(near)}?" if near else "give its code or full name."
        return f'--school "{text}" {what}; {hint}'


def fold_name(text: str) -> str:
    """Fold a name for comparison: NFKC, case-folded, letters and digits only, single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded.replace("_", " ")))


def school_key(text: str) -> str:
    """Fold a school's name so that registers agree: "Amery High", "AMERY HS", "Amery High School".

    Abbreviated levels are spelt out, and the word "school" at the end is dropped.
    """
    words = [SPELT_OUT.get(word, word) for word in fold_name(text).split()]
    while len(words) > 1 and words[-1] in {"school", "schools"}:
        words.pop()
    return " ".join(words)


def join_schools(
    configured: Sequence[SchoolSettings],
    gazetteer: Sequence[tuple[str, str | None]],
    directory: Sequence[SchoolRecord],
) -> SchoolList:
    """Join the three lists of schools by name or alias as ``school_key`` folds them.

    ``gazetteer`` has (name, town) pairs.  Settings lead; two schools of one list are never joined.
    Directory entries that are no schools (type district or department) are left out unless
    settings name them in ``members``.
    """
    schools = [School(s.code, s.name, s.town, s.aliases, s.mascots, s.members) for s in configured]
    index = _Index()
    for number, school in enumerate(schools):
        index.add(number, school.code, school.name, *school.aliases)
    own = len(schools)
    for name, town in gazetteer:
        place = index.find(name, range(own))
        if place is None:
            index.add(len(schools), name)
            schools.append(School(_new_code(name, schools), name, town or None))
        elif schools[place].town is None:
            schools[place] = replace(schools[place], town=town or None)
    for record in directory:
        _join_record(record, schools, index)
    return SchoolList(schools)


class _Index:
    """Places of schools by folded name and by key."""

    def __init__(self) -> None:
        self._places: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, place: int, *names: str) -> None:
        for name in names:
            for key in {fold_name(name), school_key(name)}:
                self._places[key].append(place)

    def find(self, name: str, among: Container[int]) -> int | None:
        """Return the place of the one school of this name; the exact spelling decides first."""
        for key in (fold_name(name), school_key(name)):
            places = {place for place in self._places.get(key, ()) if key and place in among}
            if len(places) == 1:
                return places.pop()
        return None


def _join_record(record: SchoolRecord, schools: list[School], index: _Index) -> None:
    pair = (record.source, record.id)
    place = next((n for n, s in enumerate(schools) if s.names_member([record.id])), None)
    if place is None:
        taken = {n for n, s in enumerate(schools) if any(ids[0] == pair[0] for ids in s.ids)}
        place = index.find(record.name, set(range(len(schools))) - taken)
    if place is not None:
        schools[place] = replace(schools[place], ids=schools[place].ids | {pair})
    elif record.kind not in NOT_SCHOOLS and record.name.strip():
        index.add(len(schools), record.name)
        code = _new_code(record.name, schools)
        schools.append(School(code, record.name, record.town, ids=frozenset({pair})))


def _new_code(name: str, schools: Sequence[School]) -> str:
    """Make a code of a name: ASCII letters and digits joined by hyphens, unique, at most 32."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:28].strip("-") or "school"
    taken = {school.code.casefold() for school in schools}
    code, count = stem, 1
    while code in taken:
        count += 1
        code = f"{stem}-{count}"
    return code
