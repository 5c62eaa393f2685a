"""The event packages by which phones watch: one module each, and the catalogue of all."""
