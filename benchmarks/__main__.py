"""Every benchmark, one after the other: ``python -m benchmarks``."""

from benchmarks import (
    findings_store,
    google_directory,
    graph_directory,
    night,
    open_sources,
    report_page,
    school_pages,
    web_calls,
)

BENCHMARKS = (
    night, findings_store, school_pages, report_page, google_directory, graph_directory, web_calls,
    open_sources,
)  # fmt: skip

for benchmark in BENCHMARKS:
    print(f"# {benchmark.__name__.rpartition('.')[2]}", flush=True)
    benchmark.main()
