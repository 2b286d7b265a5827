"""The errors of a run that its user can mend."""


class RunError(Exception):
    """A run cannot start or go on, for a reason that lies in its data or its surroundings, not in gnnkit.

    The text says what came, what was expected and the way out; the command line shows it without a traceback.
    """
