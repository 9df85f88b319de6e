#!/bin/bash
# What --level 0, 1 and 2 do with auditing on and off.
. "$(dirname "$0")/lib.sh"
need_own_audit
start_auditd

audit_off
at_level off 0 0 "" 0
at_level off 1 0 "auditing is off" 0
at_level off 2 3 "auditing is off" 0
at_level off 3 3 "auditing is off" 0
equal "auditing is still off" 0 "$(audit_status enabled)"

audit_on
at_level on 0 0 "" 0
at_level on 1 0 "" 1
at_level on 2 0 "" 1
at_level on 3 0 "" 1
equal "auditing is still on" 1 "$(audit_status enabled)"

levels_logged 3
