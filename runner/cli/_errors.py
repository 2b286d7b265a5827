"""Which errors are shown as a message, and which as a traceback."""

import sys
from typing import Any

import click


class Group(click.Group):
    """Shows errors that the user can mend as a message: code 2 for the config, 1 for the data and the run.

    Any other exception is a fault of gnnkit and keeps its traceback. Ctrl-C ends with code 130.
    """

    def invoke(self, ctx: click.Context) -> Any:
        from gnnkit.runner._errors import RunError

        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            sys.exit(130)
        except RunError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)
        except ValueError as error:
            # Only a ConfigError can come from here as a message; it is looked up without importing pydantic.
            config = sys.modules.get("gnnkit.runner.config")
            if config is None or not isinstance(error, config.ConfigError):
                raise
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)
