"""Outside facts about people (operators, calendars, computers, other PBXs) as status reports."""
