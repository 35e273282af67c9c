"""What makes the networks, a folder a step: data -> features -> network, losses -> run -> export. README.md is its page."""
