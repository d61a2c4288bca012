"""Tokens of Rust sources, and a cursor that says where it cannot read on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn

CLOSING = {"(": ")", "[": "]", "{": "}"}
TOKEN = re.compile(
    r"""
      (?P<blank> \s+ | //[^\n]* )
    | (?P<text> "(?:[^"\\]|\\.)*" | r(?P<hashes>\#*)".*?"(?P=hashes) )
    | (?P<character> '(?:[^'\\\n]|\\[^\n']+|\\')' )
    | (?P<lifetime> '\w+ )
    | (?P<word> (?:r\#)?[^\W\d]\w* )
    | (?P<number> \d\w*(?:\.\d\w*)? )
    | (?P<sign> :: | -> | => | == | != | [^\w\s"'] )
    """,
    re.VERBOSE | re.DOTALL,
)
REFUSED = re.compile(r'/\*|br?#*"')


class UnreadableError(AssertionError):
    """Something in a source that the reader does not know; reading on would skip it."""


@dataclass(frozen=True)
class Token:
    """One token; that of a text holds what is between the quotes."""

    kind: str
    text: str
    line: int = field(compare=False)

    def says(self, code: str) -> bool:
        """Tell whether it is this word or sign."""
        return self.kind in ("word", "sign") and self.text == code


@cache
def tokens(source: str, file: str) -> tuple[Token, ...]:
    """Return the tokens of a source, comments left out."""
    found, position, line = [], 0, 1
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None or REFUSED.match(source, position):
            raise UnreadableError(f"{file}:{line}: no token begins with {source[position : position + 20]!r}")
        kind, text = match.lastgroup or "", match[0]
        if kind != "blank":
            held = text.strip("r#")[1:-1] if kind == "text" else text.removeprefix("r#")
            found.append(Token(kind, held, line))
        line += text.count("\n")
        position = match.end()
    return tuple(found)


class Cursor:
    """A place in a row of tokens."""

    def __init__(self, row: Sequence[Token], file: str) -> None:
        self._row = row
        self._file = file
        self._at = 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._row)

    def peek(self) -> Token:
        """Return the next token and stay."""
        if self.ended:
            self.refuse("it ends too early")
        return self._row[self._at]

    def take(self) -> Token:
        """Return the next token."""
        token = self.peek()
        self._at += 1
        return token

    def accept(self, code: str) -> bool:
        """Take the next token if it is this word or sign."""
        if self.ended or not self.peek().says(code):
            return False
        self._at += 1
        return True

    def expect(self, code: str) -> None:
        """Take this word or sign, nothing else."""
        if not self.accept(code):
            self.refuse(f"expected {code!r}")

    def name(self) -> str:
        """Take a word."""
        token = self.take()
        if token.kind != "word":
            self._at -= 1
            self.refuse("expected a name")
        return token.text

    def group(self) -> Cursor:
        """Take what the next bracket holds."""
        if not any(self.peek().says(opening) for opening in CLOSING):
            self.refuse("expected a bracket")
        return Cursor(self.skip()[1:-1], self._file)

    def skip(self) -> Sequence[Token]:
        """Take one token, or a bracket with all that it holds."""
        first = self._at
        opening = self.take()
        if opening.kind == "sign" and opening.text in CLOSING:
            while not self.accept(CLOSING[opening.text]):
                self.skip()
        return self._row[first : self._at]

    def until(self, code: str) -> list[Token]:
        """Take everything before this word or sign, and it; brackets are taken whole."""
        taken: list[Token] = []
        while not self.accept(code):
            taken += self.skip()
        return taken

    def refuse(self, why: str) -> NoReturn:
        """Say what cannot be read, and where."""
        line = self._row[min(self._at, len(self._row) - 1)].line if self._row else 0
        found = " ".join(token.text for token in self._row[self._at : self._at + 4]) or "nothing"
        raise UnreadableError(f"{self._file}:{line}: {why}, found `{found}`")
