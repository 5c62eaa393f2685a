"""Who gets the call: dialplan, opening hours, menus, queues. Knows no SIP and no RTP.

`model`       a company's routing as data               `events`     what happens to a call, as data
`dialplan`    what a dialled number means (pure)         `ports`      what routing needs of the world
`hours`       open or closed, and until when (pure)      `call_flow`  the treatment of one call
`calendars`   where calls go at a moment (pure)          `feature_codes`  what phones dial to do something
`switches`    opening and closing by hand                `lookups`    asking the company's own server
`strategies`  which member is offered first (pure)       `menu`       menus: keys, numbers, names, hours
`parse`       destinations in their written form         `queue`      waiting queues: state, machine, runner, wait
`activity`    what people are doing, as queues see it    `prompts`    the names of what callers hear
"""
