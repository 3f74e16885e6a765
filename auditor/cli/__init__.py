"""The command line: one module a command, imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import sys

import click

from auditor import __version__

COMMANDS = {
    "run": "auditor.cli.run:run",
    "demo": "auditor.cli.demo:demo",
    "init": "auditor.cli.init:init",
    "registry": "auditor.cli.registry:registry",
    "exempt": "auditor.cli.exempt:exempt",
    "findings": "auditor.cli.findings:findings",
    "summary": "auditor.cli.summary:summary",
    "sweep": "auditor.cli.sweep:sweep",
    "doctor": "auditor.cli.doctor:doctor",
    "leads": "auditor.cli.leads:leads",
}
SUMMARIES = {
    "run": "Run one night: read, judge, keep, report.",
    "demo": "Run two nights on an invented district.",
    "init": "Write audit.toml for a real district.",
    "registry": "Approved accounts: add, approve, revoke, list, import, export.",
    "exempt": "Exemptions: add, list, revoke.",
    "findings": "Findings: list, show, acknowledge, resolve, reopen, dispute.",
    "summary": "The weekly summary: preview, send.",
    "sweep": "Match many districts against profiles of any size.",
    "doctor": "Try what a night needs: store, mail, each source.",
    "leads": "Write ready searches to click, and a list to fill in.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command, or None when there is none of that name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve the command, suggesting the nearest one for a misspelt name."""
        from difflib import get_close_matches

        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = get_close_matches(name, COMMANDS, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{name}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="audit")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour on the terminal; NO_COLOR is honoured.",
)
@click.pass_context
def root(ctx: click.Context, debug: bool, color: str) -> None:
    """Audit a school district's policy on staff use of social media.

    \b
    Exit codes: 0 ran; 1 findings at or over --fail-on; 2 usage or settings;
    3 incomplete; 4 access refused; 75 another run holds the lock; 130 interrupted.
    """
    ctx.obj = {"debug": debug}
    quiet = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    ctx.color = {"always": True, "never": False}.get(color, False if quiet else None)


def main() -> None:
    """Run the command line and end the process with a documented exit code."""
    # What a command imports lives to its end: looking through it for garbage finds none.
    gc.set_threshold(50_000, 20, 100)
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: list[str]) -> int:
    """Run the command line and return the exit code; errors become one sentence on stderr."""
    debug = "--debug" in arguments
    try:
        code = root.main(args=arguments, prog_name="audit", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was lost, run it again.", err=True)
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the reader is gone; stay quiet at exit
        return 0
    except Exception as error:
        if debug:
            raise
        return explain(error)
    return code if isinstance(code, int) else 0


def explain(error: Exception) -> int:
    """Print one sentence for an error and return its exit code."""
    from auditor.errors import AuditError
    from auditor.terminal import clean
    from connectors.errors import AccessRefused, ConnectorError

    text = clean(str(error))
    if isinstance(error, AuditError):
        code = error.exit_code
    elif isinstance(error, ConnectorError):
        code = 4 if isinstance(error, AccessRefused) else 3
    elif isinstance(error, OSError):
        where = clean(str(error.filename or "A file"))
        code = 3
        text = (
            f"{where} cannot be read or written ({error.strerror or text}); "
            "check the disk's free space and the rights on it, then run again."
        )
    else:
        code = 3
        text = f"An unexpected {type(error).__name__}; run again with --debug and report it."
    click.echo(f"Error: {text}", err=True)
    return code
