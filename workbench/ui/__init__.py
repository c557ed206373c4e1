"""How it is shown: Qt, and never torch."""
