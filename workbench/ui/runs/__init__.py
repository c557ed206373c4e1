"""What the Runs panel is made of: the table, the curves of many runs, and what differs."""
