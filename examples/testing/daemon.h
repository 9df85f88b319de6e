/* The daemon that the recipes test: opening of the auditing, and the attaching of a disk. */

#ifndef DAEMON_H
#define DAEMON_H

/* Returns 0, or -1 if auditing is required and not possible. */
int daemon_start(void);

void daemon_attach_disk(const char *guest, const char *path);

#endif
