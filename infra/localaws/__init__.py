"""What does AWS look like on a laptop?

Runs the emulator in a process of its own and mends where it differs from AWS
in ways that RingLedger would notice: what a crash may forget, what a failed
stream batch does, and which names resolve. Its modules are imported only by
that process; `infra.local` starts and stops it.
"""

DEMO_PAGE = "demo.html"
"""What is served at `/demo`, once it lies in the directory of the state."""
