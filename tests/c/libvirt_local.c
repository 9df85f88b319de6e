/* Python loads its libvirt module, and so libvirt, with RTLD_LOCAL. Log lines go to it all the same. */

#include "check.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *libvirt;
    const char *seen;

    CHECK(argc == 2);
    virAuditLog(true);
    /* Without libvirt, lines are discarded. It may be loaded later. */
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "a=0");
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
