"""What is remembered: the tables, and the conditions under which they change."""
