/*
 * Keeps the records that libvirt sends, for call_cases.py, which preloads it:
 *
 *     gcc -shared -fPIC -o call_catch.so call_catch.c
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64 };

int caught_count;
int caught_types[MOST];
int caught_results[MOST];
char *caught_texts[MOST];

void virAuditSend(void *source, const char *file, size_t line, const char *func, const char *tty,
                  const char *addr, int type, bool success, const char *format, ...)
{
    va_list args;

    (void)source, (void)file, (void)line, (void)func, (void)tty, (void)addr;
    if (caught_count == MOST)
        abort();
    free(caught_texts[caught_count]);
    va_start(args, format);
    if (vasprintf(&caught_texts[caught_count], format, args) < 0)
        abort();
    va_end(args);
    caught_types[caught_count] = type;
    caught_results[caught_count++] = success;
}
