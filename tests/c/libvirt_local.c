/* Python loads its libvirt module, and so libvirt, with RTLD_LOCAL. Log lines go to it all the same. */

#define _GNU_SOURCE

#include "check.h"

#include <dlfcn.h>

static int searches;

/* In the place of the C library's: counts how often the library looks for libvirt. */
void *dlopen(const char *name, int flags)
{
    static void *(*next)(const char *, int);

    if (next == NULL) {
        void *found = dlsym(RTLD_NEXT, "dlopen");

        memcpy(&next, &found, sizeof found);
    }
    searches += (flags & RTLD_NOLOAD) != 0;
    return next(name, flags);
}

int main(int argc, char **argv)
{
    void *libvirt;
    const char *seen;
    int i;

    CHECK(argc == 3);
    virAuditLog(true);
    /* Without libvirt, lines are discarded. It may be loaded later. */
    for (i = 0; i < 5; i++)
        VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "a=0");
    CHECK(searches == 1);
    /* Each library that is loaded may be libvirt. */
    CHECK(dlopen(argv[2], RTLD_NOW | RTLD_LOCAL) != NULL);
    for (i = 0; i < 5; i++)
        VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "a=0");
    CHECK(searches == 2);
    libvirt = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(libvirt != NULL);
    CHECK(dlsym(RTLD_DEFAULT, "virLogMessage") == NULL);
    seen = dlsym(libvirt, "seen");
    CHECK(seen != NULL);
    virAuditSend(NULL, "vm.c", 12, "start", NULL, NULL, VIR_AUDIT_RECORD_MACHINE_CONTROL, true,
                 "a=1");
    CHECK_TEXT(seen, "2 vm.c:12 start: success=yes a=1");
    /* The library keeps libvirt in the process. */
    CHECK(dlclose(libvirt) == 0);
    virAuditSend(NULL, "vm.c", 13, "start", NULL, NULL, VIR_AUDIT_RECORD_MACHINE_CONTROL, false,
                 "a=2");
    CHECK_TEXT(seen, "3 vm.c:13 start: success=no a=2");
    return 0;
}
