"""Every benchmark, one after the other: ``python -m benchmarks``."""

from benchmarks import findings_store, night, report_page, school_pages

for benchmark in (night, findings_store, school_pages, report_page):
    print(f"# {benchmark.__name__.rpartition('.')[2]}", flush=True)
    benchmark.main()
