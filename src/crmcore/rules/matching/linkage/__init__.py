"""Linkage: the probability that two records are one, by weights that the records themselves teach.

The method is that of Fellegi and Sunter, A Theory for Record Linkage (1969): each agreement or
difference weighs the binary logarithm of how much more often it is seen between records of one
entity (m) than between those of two (u).
"""

from __future__ import annotations
