"""Facts about a vetted program that follow from its graph alone: shapes, costs, layers, what is alive."""

from grader.graph.convolution_only import Violation
from grader.graph.dry_run import DryRun, dry_run
from grader.graph.facts import GraphFacts, LayerFact, describe
from grader.graph.liveness import constants_of, last_uses, live_nodes
from grader.graph.unrolling import RecurrenceFact

__all__ = [
    "DryRun",
    "GraphFacts",
    "LayerFact",
    "RecurrenceFact",
    "Violation",
    "constants_of",
    "describe",
    "dry_run",
    "last_uses",
    "live_nodes",
]
