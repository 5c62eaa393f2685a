from tests.support.databases import engine, postgres, url

__all__ = ["engine", "postgres", "url"]
