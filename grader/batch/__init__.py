"""Grade many submissions: plan what is missing, work it off, keep each result as it lands."""

from grader.batch.desk import Desk
from grader.batch.order import Conditions, Order
from grader.batch.plan import BatchRequest, Plan, plan_audits, plan_batch
from grader.batch.pool import LocalPool, work_off
from grader.batch.watch import NoWatch, Watch

__all__ = [
    "BatchRequest",
    "Conditions",
    "Desk",
    "LocalPool",
    "NoWatch",
    "Order",
    "Plan",
    "Watch",
    "plan_audits",
    "plan_batch",
    "work_off",
]
