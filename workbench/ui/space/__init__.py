"""Views of the space of a trained model: embedding, boundary, samples of one's own."""
