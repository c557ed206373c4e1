"""What a run tells TensorBoard; one file for each kind of thing that it shows."""
