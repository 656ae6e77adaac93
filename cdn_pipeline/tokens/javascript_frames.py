"""The brackets of JavaScript that are open at a place, and what the grammar knows about each."""

from __future__ import annotations

from . import LexError

BINDERS = frozenset({"var", "let", "const"})

# What stands between brackets.
STATEMENTS = "statements"
MEMBERS = "members"  # of a class
PROPERTIES = "properties"  # of an object literal or pattern
EXPRESSION = "expression"

# What a closing bracket ends.
STATEMENT = "a statement"
OPERAND = "an operand"
CLAUSE = "a clause"  # an arrow function's body, or import and export names: only a statement can follow
MEMBER = "a method"
HOLE = "a template's hole"


class Head:
    """A ``function`` or ``class`` whose braces have not come yet."""

    def __init__(self, word: str, ends: str, *, is_async: bool) -> None:
        self.word = word
        self.ends = ends
        self.is_async = is_async
        self.is_generator = False


class Frame:
    """An open bracket: what stands in it, what its end ends, and how far the statement in it has come."""

    def __init__(self, holds: str, ends: str) -> None:
        self.holds = holds
        self.ends = ends
        self.is_function = False
        self.is_async = False
        self.is_generator = False
        self.is_for = False  # the head of a `for`
        self.is_pattern = False  # of a declaration; whatever is named in it may be declared
        self.follows_async = False  # `async (`
        self.in_value = False  # past the `:` or `=` of a property or member
        self.modifiers: list[str] = []  # of the property or member that is being read, its name among them
        self.heads: list[Head] = []
        self.begin()
        # What follows from the frames around it. Those cannot change as long as this one is open.
        self.is_outermost = True  # nothing but the patterns of a declaration around it
        self.is_apart = False  # a function, arrow or class around it: no `await` of the top level
        self.in_function = False
        self.has_arguments = False  # of a function that is no arrow
        self.yields: bool | None = False  # whether `yield` is an operator; None where that is open
        self.awaits: bool | None = None  # whether `await` is; a module may await at its top level

    def begin(self) -> None:
        """A statement begins here, if statements stand here at all."""
        self.begins = self.holds == STATEMENTS
        self.is_led = False  # nothing but LEADERS since the statement began
        self.is_decorated = False
        self.names_modules = False  # an import declaration
        self.binder = ""  # `var`, `let` or `const` of the list that is being read
        self.has_bare_arrow = False  # an arrow function without braces: whose `await` is it?
        self.ternaries = 0  # `?` that wait for their `:`

    def settle(self, around: Frame) -> None:
        """Learn what follows from the frame *around* this one."""
        self.is_outermost = around.is_outermost and self.is_pattern
        self.in_function = around.in_function or self.is_function
        self.has_arguments = around.has_arguments or (self.is_function and self.ends != CLAUSE)
        if self.is_function:
            self.yields, self.awaits = self.is_generator, self.is_async
        elif self.holds == MEMBERS or around.has_bare_arrow:
            self.yields = self.awaits = None
        else:
            self.yields, self.awaits = around.yields, around.awaits
        self.is_apart = around.is_apart or around.has_bare_arrow or self.holds == MEMBERS or self.is_function

    def next_member(self) -> None:
        """A property or member begins here."""
        self.in_value = False
        self.modifiers = []


def brace(top: Frame, last: str, *, after_operand: bool, after_async: bool) -> Frame:
    """The frame that a ``{`` in *top* opens, after the token *last*. Raises LexError where that is open."""
    if last == "\x02":
        return Frame(EXPRESSION, HOLE)
    if top.heads and last != "extends":
        return _body(top.heads.pop())
    if last == "=>":
        top.has_bare_arrow = False
        return _function(CLAUSE, is_async=after_async, is_generator=False)
    if top.holds in (MEMBERS, PROPERTIES) and not top.in_value and last != "=":
        return _function(MEMBER, is_async="async" in top.modifiers[:-1], is_generator="*" in top.modifiers)
    if (top.names_modules and last in ("import", ",", "with", "assert")) or last in ("export", "with"):
        return Frame(PROPERTIES, CLAUSE)
    if top.begins or last == "catch":
        return Frame(STATEMENTS, STATEMENT)
    if after_operand and last not in BINDERS:
        raise LexError(-1, "a brace that may be a block or an object")
    return Frame(PROPERTIES, OPERAND)


def _body(head: Head) -> Frame:
    if head.word == "class":
        return Frame(MEMBERS, head.ends)
    return _function(head.ends, is_async=head.is_async, is_generator=head.is_generator)


def _function(ends: str, *, is_async: bool, is_generator: bool) -> Frame:
    frame = Frame(STATEMENTS, ends)
    frame.is_function, frame.is_async, frame.is_generator = True, is_async, is_generator
    return frame
