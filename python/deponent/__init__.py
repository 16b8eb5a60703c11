"""What an application imports to have its decisions recorded: `Deponent`. Standard library only, Python 3.9 or newer."""
from .client import Deponent
from .context import context, current_context
from .decision import OpenDecision
from .environment import CapturedEnvironment
from .issue import Issue, OnError
from .logger import AIAuditLogger
from .receipts import Receipt
from .sinks import FileSink, StdoutSink
from .spool import Damaged, Spool

__all__ = [
    'AIAuditLogger',
    'CapturedEnvironment',
    'Damaged',
    'Deponent',
    'FileSink',
    'Issue',
    'OnError',
    'OpenDecision',
    'Receipt',
    'Spool',
    'StdoutSink',
    'context',
    'current_context',
]
