"""Tables of a development set that was heard: `npm run report` does both."""
