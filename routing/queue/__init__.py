"""The waiting queue as an event-sourced state machine.

`events`   what happens to the members (what happens to callers is in `routing.events`)
`state`    the queue as a fold of its events
`machine`  decides: which events follow from what just happened
`runner`   the one owner of a queue's machine in the event loop: rings members, keeps time
`view`     the queue as pages and reports show it
"""
