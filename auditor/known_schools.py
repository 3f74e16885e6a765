"""The district's schools, also on nights on which a directory does not answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from auditor.errors import SettingsError
from auditor.schools import join_schools
from connectors.records import School

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.collect import Collected
    from auditor.matching.gazetteer import District
    from auditor.schools import SchoolList
    from auditor.settings import Settings
    from auditor.store import Store

KEY = "directory_schools"


def recall_schools(store: Store) -> dict[str, tuple[School, ...]]:
    """Return the schools of each directory's last complete reading, by source."""
    known = json.loads(store.read_meta(KEY) or "{}")
    return {source: tuple(School(source, *row) for row in rows) for source, rows in known.items()}


def all_schools(settings: Settings, store: Store) -> SchoolList:
    """Return every school that settings, gazetteer or a directory ever named, reading nothing."""
    known = [one for records in recall_schools(store).values() for one in records]
    return district_schools(settings, listed_district(settings), known)


def name_schools(store: Store, collected: Iterable[Collected]) -> list[School]:
    """Return tonight's schools; a directory that did not answer in full keeps its last ones."""
    known = recall_schools(store)
    records: list[School] = []
    for one in collected:
        source = one.reading.source
        if one.reading.is_complete:
            records += one.harvest.schools
        else:
            records += known.get(source) or one.harvest.schools
    return records


def remember_schools(store: Store, collected: Iterable[Collected]) -> None:
    """Keep the schools of every complete directory for the nights to come."""
    known = recall_schools(store)
    for one in collected:
        if one.reading.is_complete and one.harvest.schools:
            known[one.reading.source] = one.harvest.schools
    rows = {
        source: [[one.id, one.name, one.kind, one.town] for one in schools]
        for source, schools in known.items()
    }
    store.write_meta(KEY, json.dumps(rows))


def listed_district(settings: Settings) -> District | None:
    """Look the district up in the gazetteer; SettingsError when its nces_id is not there."""
    if settings.district.nces_id is None:
        return None
    from auditor.matching.gazetteer import open_gazetteer

    district = open_gazetteer().district(settings.district.nces_id)
    if district is None:
        raise SettingsError(
            f'district.nces_id "{settings.district.nces_id}" is not in the gazetteer; '
            "look it up with `audit init --find`."
        )
    return district


def district_schools(
    settings: Settings, district: District | None, records: Sequence[School]
) -> SchoolList:
    """Join the schools of settings, gazetteer and directories."""
    listed = [(one.name, one.town or None) for one in district.schools] if district else []
    return join_schools(settings.schools, listed, records)
