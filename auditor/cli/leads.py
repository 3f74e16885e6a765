"""``audit leads``: ready searches to click, and a list to note down what was found."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import config_option


@click.command()
@config_option
@click.option("--school", metavar="NAME", help="Only this school, by code or name.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("leads"),
    show_default=True,
    help="The folder for leads.html and leads.csv.",
)
def leads(config: Path, school: str | None, out: Path) -> int:
    """Write links to searches that no program may do, for a person to click.

    Nothing is fetched.  Fill in leads.csv and let a profile_file source read it; a leads.csv that
    is there already is left as it is.
    """
    from auditor.cli.session import open_session
    from auditor.gathering import brand_of_district
    from auditor.known_schools import all_schools, listed_district
    from auditor.leads import look_sheet
    from auditor.matching.gazetteer import open_gazetteer
    from reports.leads import write_list, write_page

    with open_session(config) as session:
        settings = session.settings
        schools = all_schools(settings, session.store)
        only = schools.resolve(school) if school is not None else None
        brand = brand_of_district(settings, listed_district(settings), schools)
        gazetteer = open_gazetteer()
        sheet = look_sheet(
            settings, brand, lambda name: len(gazetteer.bearers(name)), session.now, only
        )
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    page, table = out / "leads.html", out / "leads.csv"
    write_page(sheet, page)
    click.echo(f"Page: {page}")
    if table.exists():
        click.echo(f"List: {table} was there already and is left as it is")
    else:
        write_list(sheet, table)
        click.echo(f"List: {table}")
    return 0
