"""The texts that Rust code compares the values of a document with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from model.rust_tokens import Cursor, Token, UnreadableError, tokens

Sources = Mapping[str, str]
BESIDE_TEXTS = {"|", "(", ")", ",", "Some", "None"}


@dataclass(frozen=True)
class Arms:
    """The texts that the arms of a match name; `head` is the code before its bracket."""

    file: str
    head: str

    def read(self, sources: Sources) -> set[str]:
        """Return the texts."""
        body = _after(sources, self.file, self.head).group()
        patterns = list(_patterns(body))
        for pattern in patterns:
            for token in _without_guard(pattern):
                if not (
                    token.kind == "text"
                    or token.text in BESIDE_TEXTS
                    or token.text.islower()
                    or token.says("_")
                ):
                    raise UnreadableError(
                        f"{self.file}:{token.line}: an arm of `{self.head}` names {token.text}, no text"
                    )
        return _texts(token for pattern in patterns for token in pattern)


@dataclass(frozen=True)
class Next:
    """The texts and numbers of the token, or the bracket, right after `head`."""

    file: str
    head: str

    def read(self, sources: Sources) -> set[str]:
        """Return the texts and numbers."""
        return _texts(_after(sources, self.file, self.head).skip(), "text", "number")


@dataclass(frozen=True)
class Constant:
    """The texts of a constant."""

    file: str
    name: str

    def read(self, sources: Sources) -> set[str]:
        """Return the texts."""
        return _texts(self._value(sources))

    def rows(self, sources: Sources) -> list[Any]:
        """Return a constant that holds nothing but texts, as lists in lists."""
        return _rows(Cursor(self._value(sources), self.file))

    def _value(self, sources: Sources) -> list[Token]:
        cursor = _after(sources, self.file, f"const {self.name}:")
        cursor.until("=")
        return cursor.until(";")


Site = Arms | Next | Constant


def matched_texts(sources: Sources) -> set[tuple[str, str]]:
    """Return every text in an arm of a `match`, or after `==` or `!=`, and its file before it."""
    return {(file, text) for file, source in sources.items() for text in _matched(source, file)}


@cache
def _matched(source: str, file: str) -> set[str]:
    found: set[str] = set()
    row = tokens(source, file)
    for i, token in enumerate(row):
        if token.says("match"):
            cursor = Cursor(row[i + 1 :], file)
            while not cursor.peek().says("{"):
                cursor.skip()
            for pattern in _patterns(cursor.group()):
                found |= _texts(_without_guard(pattern))
        elif token.says("==") or token.says("!="):
            compared = Cursor(row[i + 1 :], file)
            compared.accept("Some")
            found |= _texts(compared.skip())
    return found


def reads_field(sources: Sources, owner: str, key: str) -> bool:
    """Tell whether code reads a field of a struct (`x.key`, `Owner { key, … }`) or variant (`Variant { key, … }`)."""
    name = owner.rpartition("::")[2]
    for file, source in sources.items():
        row = tokens(source, file) if key in source else ()
        for i, (token, following) in enumerate(pairwise(row)):
            if name == owner and token.says(".") and following.says(key):
                return True
            braced = Cursor(row[i + 1 :], file).skip() if token.says(name) and following.says("{") else ()
            if any(item.says(key) for item in braced):
                return True
    return False


def _after(sources: Sources, file: str, head: str) -> Cursor:
    """Return the place after code that a file holds once."""
    row, wanted = tokens(sources[file], file), tokens(head, file)
    ends = [i + len(wanted) for i in range(len(row)) if row[i : i + len(wanted)] == wanted]
    if len(ends) != 1:
        raise UnreadableError(f"{file}: holds `{head}` {len(ends)} times, expected once")
    return Cursor(row[ends[0] :], file)


def _patterns(body: Cursor) -> Iterator[list[Token]]:
    """Yield what stands before the arrow of each arm."""
    while not body.ended:
        yield body.until("=>")
        if body.peek().says("{"):
            body.skip()
            body.accept(",")
            continue
        while not body.ended and not body.accept(","):
            body.skip()


def _without_guard(pattern: list[Token]) -> list[Token]:
    guard = next((i for i, token in enumerate(pattern) if token.says("if")), len(pattern))
    return pattern[:guard]


def _texts(row: Iterable[Token], *kinds: str) -> set[str]:
    return {token.text for token in row if token.kind in (kinds or ("text",))}


def _rows(cursor: Cursor) -> list[Any]:
    found: list[Any] = []
    while not cursor.ended:
        cursor.accept("&")
        if cursor.peek().kind == "text":
            found.append(cursor.take().text)
        elif cursor.peek().says("[") or cursor.peek().says("("):
            found.append(_rows(cursor.group()))
        else:
            cursor.refuse("expected texts")
        if not cursor.ended:
            cursor.expect(",")
    return found
