/* A stand-in for libvirt.so.0, which keeps the last log line. */

#include <stdarg.h>
#include <stdio.h>

char seen[1000];

void virLogMessage(void *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...);

void virLogMessage(void *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...)
{
    va_list args;
    int length;

    (void)source, (void)metadata;
    length = snprintf(seen, sizeof seen, "%d %s:%d %s: ", priority, filename, linenr, funcname);
    va_start(args, fmt);
    vsnprintf(seen + length, sizeof seen - (size_t)length, fmt, args);
    va_end(args);
}
