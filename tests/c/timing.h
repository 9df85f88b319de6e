/* Times of calls, for the benchmarks and the load. */
#ifndef VIRAUDIT_TESTS_TIMING_H
#define VIRAUDIT_TESTS_TIMING_H

#include <time.h>

static inline double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* For qsort. */
static inline int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

#endif
