"""The RTP engine and its control: audio packets, key presses, prompts, music, recording. Knows no SIP."""
