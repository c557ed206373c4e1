"""Rules of the check before training, one small class each; a new class here is found by itself."""
