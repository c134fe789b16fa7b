/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domU's words to dom0 about its timed part, where no backend of ours takes
 * marks (guests/agent/peer.h has dom0's side).
 */
#ifndef GB_AGENT_MARK_H
#define GB_AGENT_MARK_H

/* Say "start" or "done" and wait until dom0 has heard it. 0, -ETIMEDOUT, -errno. */
int mark_say(const char *word);

#endif
