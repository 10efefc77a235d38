"""Exact Python arithmetic at machine speed."""
