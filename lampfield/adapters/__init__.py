"""Adapters in a process of their own, and the line between them and signalling.

`configured`  what `[adapters.NAME]` of the configuration says
`wire`        what is said on the line
`line`        its end at the adapters
`intake`      its end at signalling
`hooks`       HTTP requests from outside to adapters
`desk`        all adapters of the process
"""
