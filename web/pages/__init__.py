"""The pages of self-service: HTML that works without scripts, for people who sign in with a token of their company."""
