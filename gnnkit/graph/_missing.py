"""What is said when a set or a feature is asked for that is not there."""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TypeVar

T = TypeVar("T")


class MissingError(KeyError):
    """A KeyError that shows its text as it is.

    Python shows the text of a KeyError in quotes and its line breaks as `\\n`. Keras puts many into the errors of layers.
    """

    # AutoGraph makes errors again, with the lines of the user's code, and takes this as a sign that it can.
    __init__ = Exception.__init__

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ReadOnlyMapping(Mapping[str, T]):
    """A view of a dict. MissingError: `{owner} has no {kind} 'name', only [...]`."""

    __slots__ = ("_items", "_owner", "_kind")

    def __init__(self, items: dict[str, T], owner: str, kind: str) -> None:
        self._items, self._owner, self._kind = items, owner, kind

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise MissingError(f"{self._owner} has no {self._kind} {name!r}, only {list(self._items)}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def keys(self) -> KeysView[str]:
        return self._items.keys()

    def values(self) -> ValuesView[T]:
        return self._items.values()

    def items(self) -> ItemsView[str, T]:
        return self._items.items()

    def __repr__(self) -> str:
        return repr(self._items)
