"""What a person sees of data and does with them: opening, samples, split, preparation, check."""
