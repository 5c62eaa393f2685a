"""Who gets the call: dialplan, opening hours, menus, queues. Knows no SIP and no RTP."""
