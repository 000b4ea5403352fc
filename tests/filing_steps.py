"""What the commands do with a journal."""

from drumclf.filing.carrying_out import settle
from drumclf.filing.journal import read_journal
from drumclf.filing.taking_back import undo


def take_back(out):
    """As `undo` does; returns why files were left."""
    journal = read_journal(out)
    settle(journal)
    left = [left.why for _, left in undo(journal) if left]
    journal.write()
    return left
