"""Queue, ledger, runner and journal."""
