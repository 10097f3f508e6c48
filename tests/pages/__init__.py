"""Real pages in a real browser: what a visitor sees before and after the snippet has run."""
