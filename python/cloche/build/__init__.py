"""Builders and templates: ways to write deal documents."""
