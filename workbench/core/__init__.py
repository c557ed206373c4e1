"""What was decided: values only, without torch, numpy or Qt."""
