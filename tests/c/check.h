/* What the test programs share. */

#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <viraudit.h>

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: %s (errno %d, last error \"%s\")\n", __FILE__,  \
                    __LINE__, #condition, errno, virAuditLastError());              \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

/* A call that must fail with this errno and this message. */
#define CHECK_FAILS(call, failed, errnum, message)                                  \
    do {                                                                            \
        errno = 0;                                                                  \
        CHECK((call) == (failed));                                                  \
        CHECK(errno == (errnum));                                                   \
        CHECK_TEXT(virAuditLastError(), message);                                   \
    } while (0)

#define CHECK_TEXT(text, expected) check_text(__FILE__, __LINE__, text, expected)

static inline void check_text(const char *file, int line, const char *text, const char *expected)
{
    if (text == NULL || strcmp(text, expected) != 0) {
        fprintf(stderr, "%s:%d:\n  have \"%s\"\n  want \"%s\"\n", file, line,
                text ? text : "(NULL)", expected);
        exit(1);
    }
}

/* The last record has this type and BODY; it is taken away. */
#define CHECK_RECORD(type, body, success) check_record(__FILE__, __LINE__, type, body, success)

static inline void check_record(const char *file, int line, const char *type, const char *body,
                                bool success)
{
    static char expected[20000];
    char exe[4096];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);

    if (length < 0 || virAuditMockCount() != 1) {
        fprintf(stderr, "%s:%d: %zu records\n", file, line, virAuditMockCount());
        exit(1);
    }
    exe[length] = '\0';
    snprintf(expected, sizeof expected,
             "%s %s exe=\"%s\" hostname=? addr=? terminal=? res=%s", type, body, exe,
             success ? "success" : "failed");
    check_text(file, line, virAuditMockRecord(0), expected);
    virAuditMockClear();
}

#define UUID_TEXT "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab"

static const unsigned char uuid[16] = {0x8e, 0x4f, 0x0f, 0x4c, 0x2f, 0x8b, 0x4b, 0x7a,
                                       0x9d, 0x9c, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab};

static inline virAuditDomain *web1(void)
{
    virAuditDomain *dom = virAuditDomainNew("kvm", "web1", uuid);

    CHECK(dom != NULL);
    return dom;
}

#endif
