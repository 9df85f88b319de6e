/* A daemon with guests that exist only in its records, for tests without libvirt, kernel and root.
 *
 *     daemon LIBVIRTD_CONF LOG
 *
 * It reads libvirtd.conf's audit settings, and then a request a line from standard input, with its words
 * separated by tabs. It answers each with `ok`. VIRAUDIT_TARGET=file:PATH sends its records to a file. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <viraudit.h>

static void log_line(void *log, virAuditLogLevel level, const char *file, size_t line, const char *function,
                     const char *message)
{
    (void)level, (void)file, (void)line, (void)function;
    fprintf(log, "%s\n", message);
    fflush(log);
}

int main(int argc, char **argv)
{
    static const unsigned char uuid[16] = {0x8e, 0x4f, 0x0f, 0x4c};
    char request[4096];
    FILE *log = argc == 3 ? fopen(argv[2], "a") : NULL;

    if (!log) {
        fprintf(stderr, "usage: daemon LIBVIRTD_CONF LOG\n");
        return 2;
    }
    virAuditSetLogFunc(log_line, log);
    if (virAuditOpenConfig(argv[1]) < 0 && virAuditRequired()) {
        fprintf(stderr, "daemon: %s\n", virAuditLastError());
        return 1;
    }
    puts("ok");
    fflush(stdout);
    while (fgets(request, sizeof request, stdin)) {
        char *rest = NULL;
        const char *verb = strtok_r(request, "\t\n", &rest);
        const char *name = strtok_r(NULL, "\t\n", &rest);
        const char *word = strtok_r(NULL, "\t\n", &rest);
        virAuditDomain *guest = virAuditDomainNew("kvm", name ? name : "?", uuid);

        virAuditDomainSetPid(guest, 4711);
        if (verb && strcmp(verb, "start") == 0)
            virAuditDomainStart(guest, "booted", true);
        else if (verb && strcmp(verb, "attach") == 0)
            virAuditDomainDisk(guest, NULL, word, "attach", true);
        else if (verb && strcmp(verb, "detach") == 0)
            virAuditDomainDisk(guest, word, NULL, "detach", true);
        else if (verb && strcmp(verb, "init") == 0)
            virAuditDomainInit(guest, atoll(word ? word : "0"), strtoull(rest ? rest : "0", NULL, 10));
        else if (verb && strcmp(verb, "stop") == 0)
            virAuditDomainStop(guest, "destroyed");
        virAuditDomainFree(guest);
        puts("ok");
        fflush(stdout);
    }
    virAuditClose();
    return 0;
}
