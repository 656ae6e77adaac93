"""What _javascript.c holds."""

def scan(
    text: str, start: int, at: int, holes: list[int], code: list[str], literals: list[str], marks: list[str]
) -> tuple[int, int]:
    """See `javascript_scan.scan`."""

def is_plain(code: list[str]) -> bool:
    """Whether `javascript_check` need not look at pieces of code for characters, names and brackets."""

def nesting(code: str, start: int, end: int) -> int:
    """How many more brackets open than close between the two places."""

def squeeze(code: str) -> str:
    """See `javascript_gaps.squeeze`."""

def masked(code: list[str], literals: list[str], marks: list[str]) -> str:
    """See `Pieces.masked`."""

def filled(code: str, literals: list[str]) -> str:
    """*code* with a literal in place of each mark. Raises ValueError unless there are as many."""
