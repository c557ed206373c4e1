"""How it is done: torch, without Qt. Only `remote` may be imported by the window."""
