/* daemon GUEST PATH: attaches one disk, and ends. */

#include "daemon.h"

#include <viraudit.h>

int main(int argc, char **argv)
{
    if (argc != 3 || daemon_start() < 0)
        return 1;
    daemon_attach_disk(argv[1], argv[2]);
    virAuditClose();
    return 0;
}
