"""Model: which entities there are, and how one company wants them.

Own entities, custom fields, renamed and disabled objects, pipelines, lead statuses, policies,
calendar and corporate currency. A model is frozen, and checked when it is built.
"""
