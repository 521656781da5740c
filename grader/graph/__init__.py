"""Facts about a vetted program that follow from its graph alone: shapes, costs, layers, what is alive.

Only the facts themselves are offered here: whoever finds them imports torch, whoever reads them need not.
"""

from grader.graph.facts import GraphFacts, LayerFact, RecurrenceFact, Violation

__all__ = ["GraphFacts", "LayerFact", "RecurrenceFact", "Violation"]
