"""Templates: ready projects to start from; a new class here is found by itself."""
