"""`python -m lampfield.cli`, for where the script is not installed."""

from lampfield.cli import app

app(prog_name="lampfield")
