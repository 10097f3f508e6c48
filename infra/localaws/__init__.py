"""What does AWS look like on a laptop?

Runs the emulator in a process of its own and mends where it differs from AWS
in ways that RingLedger would notice: what a crash may forget, what a failed
stream batch does, and which names resolve. Imported only by that process;
`infra.local` starts and stops it.
"""
