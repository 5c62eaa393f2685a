#include "quality.h"

/* ITU-T G.107 §7: R with all defaults, no delay and no loss. */
static const double R_DEFAULT = 93.2;
/* ITU-T G.113 appendix I: G.711 with packet loss concealment has no equipment impairment of its own, robustness 25.1. */
static const double LOSS_ROBUSTNESS = 25.1;
static const double PACKETISATION_MS = 20.0;

static double delay_impairment(double one_way_ms)
{
    /* Cole and Rosenbluth, "Voice over IP performance monitoring" (2001): G.107's Id as two straight lines. */
    double beyond = one_way_ms - 177.3;
    return 0.024 * one_way_ms + (beyond > 0 ? 0.11 * beyond : 0);
}

double quality_mos(double loss, double jitter_ms, double round_trip_ms)
{
    double percent = loss * 100;
    /* A jitter buffer holds about twice the jitter. */
    double one_way_ms = round_trip_ms / 2 + 2 * jitter_ms + PACKETISATION_MS;
    double impairment = 95 * percent / (percent + LOSS_ROBUSTNESS);
    double r = R_DEFAULT - delay_impairment(one_way_ms) - impairment;
    if (r <= 0)
        return 1;
    if (r >= 100)
        return 4.5;
    /* ITU-T G.107 annex B. Its curve dips below 1 for very small R. */
    double mos = 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
    return mos < 1 ? 1 : mos;
}
