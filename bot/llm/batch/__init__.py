"""Files of prompts that are answered within a day at half the price, through an endpoint's Batch API."""

from bot.llm.batch.answers import Answer, Cost, Totals
from bot.llm.batch.endpoint import BatchEndpoint
from bot.llm.batch.files import Files, State
from bot.llm.batch.lines import Line, read_lines, request_lines
from bot.llm.batch.run import BatchRun, Polling, Report
from bot.llm.batch.trouble import BatchTrouble

__all__ = [
    "Answer",
    "BatchEndpoint",
    "BatchRun",
    "BatchTrouble",
    "Cost",
    "Files",
    "Line",
    "Polling",
    "Report",
    "State",
    "Totals",
    "read_lines",
    "request_lines",
]
