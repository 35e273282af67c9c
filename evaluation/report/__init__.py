"""docs/quality.md and the figures of the cards, from a development set that was heard: `npm run report` does both."""
