"""How the outside speaks to the platform: each channel translates, and decides nothing."""
