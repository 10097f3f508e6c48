"""Speeds and sizes, each beside something measured in the same run."""
