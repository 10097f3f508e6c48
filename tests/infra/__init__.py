"""Tests of the ground: local AWS, the state stack, deployment and its secrets."""
