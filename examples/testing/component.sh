#!/bin/bash
set -eu
export VIRAUDIT_TARGET=file:$PWD/records.log

# The command is started when records are heard, and must succeed.
viraudit expect --from records.log vm=web1 resrc=disk reason=attach new-disk='/images/my data.qcow2' -- \
    ./daemon web1 '/images/my data.qcow2'

# The script does the work itself: it waits for the line `ready`.
exec 3< <(viraudit expect --from records.log --within 10 --count 2 vm=web2 resrc=disk; echo "status $?")
read -r -u 3 line
[ "$line" = ready ]
./daemon web2 /images/a.qcow2
./daemon web2 /images/b.qcow2
read -r -u 3 line
[ "$line" = "status 0" ]
