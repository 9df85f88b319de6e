#!/bin/bash
# CAP_AUDIT_WRITE without CAP_AUDIT_CONTROL: records are sent, but whether auditing is on can't be
# asked for.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool setpriv
start_auditd

without_control=(setpriv --bounding-set=-audit_control --inh-caps=-audit_control)
at_level on 0 0 "" 0 "${without_control[@]}"
at_level on 1 0 "" 1 "${without_control[@]}"
at_level on 2 0 "CAP_AUDIT_CONTROL" 1 "${without_control[@]}"
audit_off
at_level off 1 0 "auditing is off" 0 "${without_control[@]}"
at_level off 2 3 "auditing is off" 0 "${without_control[@]}"

audit_on
levels_logged 2
