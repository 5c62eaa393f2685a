"""Menus (IVR).

`visit`   one visit to a menu: what is told, and what the caller chooses
`typed`   what can be typed in a menu, and what it means (pure)
`names`   dialling somebody by the letters of their name
`told`    the opening hours, read to the caller
"""

from routing.menu.visit import Choice, choose

__all__ = ["Choice", "choose"]
