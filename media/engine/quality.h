/* An estimate of what a listener would say of the sound, on the scale 1 to 5 (MOS). */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

/* The E-model (ITU-T G.107) with its defaults for all but what a packet network adds. `loss` is a fraction 0 to 1. */
double quality_mos(double loss, double jitter_ms, double round_trip_ms);

#endif
