"""Starts Debian's WordPress on loopback, with MariaDB and the invented school's pages."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "wordpress"
DEBIAN = Path("/usr/share/wordpress")
THEME = DEBIAN / "wp-content/themes/twentytwentythree"
PATH = f"{os.environ['PATH']}:/usr/sbin"

USUAL = {
    "permalink_structure": "/%postname%/",
    "blog_public": "1",
    "school_closed_api": "",
    "school_hides_users": "",
}
STATES: dict[str, dict[str, str]] = {
    "pretty": {},
    "plain": {"permalink_structure": ""},
    "closed": {"school_closed_api": "401"},
    "refused": {"school_closed_api": "403"},
    "hidden": {"school_hides_users": "1"},
    "unlisted": {"blog_public": "0"},
}


@dataclass(frozen=True)
class WordPressSite:
    """A running WordPress; ``run`` changes it from behind, as its owner would."""

    url: str
    environment: dict[str, str]

    def be(self, state: str) -> None:
        """Change the settings to one of ``STATES``."""
        settings = USUAL | STATES[state]
        lines = [f"update_option('{name}', '{value}');" for name, value in settings.items()]
        self.run("".join([*lines, "$GLOBALS['wp_rewrite']->init(); flush_rewrite_rules(false);"]))

    def run(self, lines: str) -> None:
        """Run lines of PHP with WordPress loaded."""
        load = "require getenv('WORDPRESS_FOLDER') . '/wp-load.php';"
        _run("php", "-d", "display_errors=stderr", "-r", load + lines, env=self.environment)


def is_installed() -> bool:
    """Say whether WordPress, its theme, PHP and MariaDB are there."""
    programs = ("php", "mariadbd", "mariadb", "mariadb-install-db")
    return THEME.is_dir() and all(shutil.which(one, path=PATH) for one in programs)


@contextmanager
def run_wordpress(folder: Path) -> Iterator[WordPressSite]:
    """Run WordPress and its database in a folder of their own; nothing of the system is changed."""
    site, port = folder / "site", find_port()
    _lay_out(site)
    with _run_database(folder) as database:
        environment = {
            **os.environ,
            "WORDPRESS_SOCKET": database,
            "WORDPRESS_URL": f"http://127.0.0.1:{port}",
            "WORDPRESS_FOLDER": str(site),
        }
        _run("php", "-d", "display_errors=stderr", str(HERE / "install.php"), env=environment)
        words = ["php", "-S", f"127.0.0.1:{port}", "-t", str(site), str(HERE / "router.php")]
        server = launch(words, env=environment)
        with stopping(server):
            wait_for(server, port)
            yield WordPressSite(environment["WORDPRESS_URL"], environment)


def _lay_out(site: Path) -> None:
    """Make a site of Debian's files: its entrances copied, since they look around themselves."""
    content = site / "wp-content"
    (content / "mu-plugins").mkdir(parents=True)
    for page in DEBIAN.glob("*.php"):
        shutil.copy(page, site)
    shutil.copy(HERE / "wp-config.php", site)
    shutil.copy(HERE / "school.php", content / "mu-plugins")
    for name in ("wp-admin", "wp-includes", "wp-content/themes"):
        (site / name).symlink_to(DEBIAN / name)


@contextmanager
def _run_database(folder: Path) -> Iterator[str]:
    """Run MariaDB without a port; yields the path of its socket."""
    place = [f"--datadir={folder / 'database'}", f"--user={getpass.getuser()}"]
    plain = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    _run("mariadb-install-db", "--no-defaults", *place, *plain)
    at = str(folder / "database.sock")
    own = [f"--socket={at}", f"--pid-file={folder / 'database.pid'}"]
    words = ["--no-defaults", *place, *own, "--skip-networking", "--skip-log-bin"]
    server = launch([_find("mariadbd"), *words])
    with stopping(server):
        wait_for(server, at)
        make = "CREATE DATABASE wordpress CHARACTER SET utf8mb4"
        _run("mariadb", "--no-defaults", f"--socket={at}", "--user=root", f"--execute={make}")
        yield at


def _find(program: str) -> str:
    return shutil.which(program, path=PATH) or program


def _run(program: str, *words: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [_find(program), *words], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode or (program == "php" and done.stderr.strip()):
        raise RuntimeError(f"{program}: {(done.stderr or done.stdout)[-500:]}")
