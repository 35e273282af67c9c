"""What measures: it hears what ships, and knows nothing of how networks are made. README.md is its page."""
