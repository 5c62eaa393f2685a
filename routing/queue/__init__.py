"""The waiting queue as an event-sourced state machine.

`events`         what happens to the members (what happens to callers is in `routing.events`)
`member`, `line` members, places, and the order of the line
`state`          the queue as a fold of its events
`matching`       which caller is offered to which member next
`machine`        decides: which events follow from what just happened
`runner`         the one owner of a queue's machine in the event loop: rings members, keeps time
`expected_wait`  how long a caller will probably wait
`view`           the queue as pages and reports show it
"""
