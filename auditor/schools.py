"""The district's schools: settings, gazetteer and directory joined into one list with codes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from auditor.errors import NoSuchSchool

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.settings import SchoolSettings
    from connectors.records import Person
    from connectors.records import School as SchoolRecord

NOT_SCHOOLS = frozenset({"district", "department", "local", "state", "national"})


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
            if any(
                fnmatchcase(group.casefold(), pattern.casefold())
                for pattern in school.members
                for group in (*person.groups, *person.schools)
            ):
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


def join_schools(
    configured: Sequence[SchoolSettings],
    gazetteer: Sequence[tuple[str, str | None]],
    directory: Sequence[SchoolRecord],
) -> SchoolList:
    """Join the three lists of schools by folded name or alias.

    ``gazetteer`` has (name, town) pairs.  Settings lead; directory entries that are no schools
    (type district or department) are left out unless settings name them in ``members``.
    """
    schools = [School(s.code, s.name, s.town, s.aliases, s.mascots, s.members) for s in configured]
    known = {fold_name(name): n for n, s in enumerate(schools) for name in (s.name, *s.aliases)}
    for name, town in gazetteer:
        place = known.get(fold_name(name))
        if place is None:
            known[fold_name(name)] = len(schools)
            schools.append(School(_new_code(name, schools), name, town or None))
        elif schools[place].town is None:
            schools[place] = replace(schools[place], town=town or None)
    for record in directory:
        _join_record(record, schools, known)
    return SchoolList(schools)


def _join_record(record: SchoolRecord, schools: list[School], known: dict[str, int]) -> None:
    pair = (record.source, record.id)
    place = next((n for n, s in enumerate(schools) if record.id in s.members), None)
    if place is None:
        place = known.get(fold_name(record.name))
    if place is not None:
        schools[place] = replace(schools[place], ids=schools[place].ids | {pair})
    elif record.kind not in NOT_SCHOOLS and record.name.strip():
        known[fold_name(record.name)] = len(schools)
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
