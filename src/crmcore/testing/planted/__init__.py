"""Planted."""
