/* A stand-in for libvirt.so.0: a thread's identity, and an error that each getter resets. */

#define _GNU_SOURCE
#include "libvirt_identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the test sets and looks at. */
unsigned long fake_version = 9000000;
__thread struct identity *fake_identity;
__thread virError fake_error;
char fake_log[2000];

int virGetVersion(unsigned long *version, const char *type, unsigned long *type_version)
{
    (void)type, (void)type_version;
    *version = fake_version;
    return 0;
}

void virLogMessage(void *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...)
{
    va_list args;

    (void)source, (void)priority, (void)filename, (void)linenr, (void)funcname, (void)metadata;
    va_start(args, fmt);
    vsnprintf(fake_log, sizeof fake_log, fmt, args);
    va_end(args);
}

virError *virGetLastError(void)
{
    return fake_error.code != 0 ? &fake_error : NULL;
}

void virResetLastError(void)
{
    free(fake_error.message);
    memset(&fake_error, 0, sizeof fake_error);
}

struct identity *virIdentityGetCurrent(void)
{
    if (fake_identity != NULL)
        fake_identity->references++;
    return fake_identity;
}

void g_object_unref(struct identity *identity)
{
    identity->references--;
}

#define GETTER(name, type, found, member)            \
    int name(struct identity *identity, type *value) \
    {                                                \
        virResetLastError();                         \
        *value = identity->member;                   \
        return (found) ? 1 : 0;                      \
    }

GETTER(virIdentityGetUserName, const char *, identity->user != NULL, user)
GETTER(virIdentityGetSASLUserName, const char *, identity->sasl != NULL, sasl)
GETTER(virIdentityGetX509DName, const char *, identity->x509 != NULL, x509)
GETTER(virIdentityGetUNIXUserID, uid_t, identity->unix_client, uid)
GETTER(virIdentityGetUNIXGroupID, gid_t, identity->unix_client, gid)
GETTER(virIdentityGetProcessID, pid_t, identity->unix_client, pid)
GETTER(virIdentityGetProcessTime, unsigned long long, identity->started != 0, started)
