"""The sounds of companies: greetings, prompts and music that they recorded or uploaded, and what plays of them."""
