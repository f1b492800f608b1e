"""`python -m tests.run_intake …`: the console command, where a test needs it as a process of its own."""

import sys

from scheduler.desk.cli import main

if __name__ == "__main__":
    sys.exit(main())
