"""A demo market, and one command that shows it at work.

It knows the platform from outside alone: its public HTTP API and its voice URLs.
"""
