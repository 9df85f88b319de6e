/*
 * The one function that Rust can't define: it formats C's variable arguments and passes the text to
 * Rust. Nothing in this file is visible outside the library.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the kernel keeps of a record, so that nearly all texts need no allocation. */
#define STACK_ROOM 9216

/* The longest text that is shortened value by value. A width such as %*d may ask for 2 GiB. */
#define HEAP_ROOM (1 << 20)

/* Laid out as `Call` in send.rs. */
struct viraudit_call {
    void *source;
    const char *filename;
    size_t linenr;
    const char *funcname;
    const char *clienttty;
    const char *clientaddr;
    const char *text;
    size_t length;
    int type;
    bool success;
};

/* Defined in send.rs, which relies on cancellation being disabled. */
void viraudit_send_formatted(const struct viraudit_call *call);

/*
 * Formats a format that has only plain %s, as nearly all of libvirt's have: vsnprintf takes a tenth of
 * the time of a whole record. Returns the length, or -1 for anything else, which vsnprintf formats.
 * (A program that gives %s a meaning of its own, with register_printf_specifier, doesn't get it.)
 */
static int format_strings(char *out, size_t room, const char *format, va_list args)
{
    size_t length = 0;

    for (;;) {
        const char *end = strchrnul(format, '%');
        size_t part = (size_t)(end - format);

        if (part >= room - length)
            return -1;
        memcpy(out + length, format, part);
        length += part;
        if (*end == '\0')
            break;
        if (end[1] != 's')
            return -1;
        format = va_arg(args, const char *);
        if (format == NULL)
            return -1;
        part = strlen(format);
        if (part >= room - length)
            return -1;
        memcpy(out + length, format, part);
        length += part;
        format = end + 2;
    }
    out[length] = '\0';
    return (int)length;
}

/* virAuditSend jumps here with the caller's arguments. */
void viraudit_send(void *source, const char *filename, size_t linenr, const char *funcname,
                   const char *clienttty, const char *clientaddr, int type, bool success,
                   const char *format, ...)
#if defined __GNUC__
    __attribute__((__format__(__printf__, 9, 10)))
#endif
    ;

void viraudit_send(void *source, const char *filename, size_t linenr, const char *funcname,
                   const char *clienttty, const char *clientaddr, int type, bool success,
                   const char *format, ...)
{
    const int before = errno;
    struct viraudit_call call;
    char stack[STACK_ROOM];
    char *heap = NULL;
    va_list args;
    int length, cancel;

    if (format == NULL)
        return;
    call.source = source;
    call.filename = filename;
    call.linenr = linenr;
    call.funcname = funcname;
    call.clienttty = clienttty;
    call.clientaddr = clientaddr;
    call.type = type;
    call.success = success;
    call.text = stack;

    /* A thread that is cancelled meanwhile would keep the memory, and what a format's own
     * conversions (register_printf_function) hold. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    va_start(args, format);
    length = format_strings(stack, sizeof stack, format, args);
    va_end(args);
    if (length < 0) {
        va_start(args, format);
        length = vsnprintf(stack, sizeof stack, format, args);
        va_end(args);
    }
    if (length < 0) {
        /* The C library can't format it. The bare format still shows that something happened. */
        call.text = format;
        call.length = strlen(format);
    } else if ((size_t)length < sizeof stack) {
        call.length = (size_t)length;
    } else {
        /* Shortening values needs the whole text. Without memory for it, send what fits. */
        const size_t room = (size_t)length + 1;

        call.length = sizeof stack - 1;
        if (room <= HEAP_ROOM)
            heap = malloc(room);
        if (heap != NULL) {
            errno = before; /* for %m */
            va_start(args, format);
            length = vsnprintf(heap, room, format, args);
            va_end(args);
            if (length >= 0 && (size_t)length < room) {
                call.text = heap;
                call.length = (size_t)length;
            }
        }
    }
    viraudit_send_formatted(&call);
    free(heap);
    errno = before;
    pthread_setcancelstate(cancel, NULL);
}
