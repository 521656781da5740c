"""What graders that courses use today need for the same submissions."""
