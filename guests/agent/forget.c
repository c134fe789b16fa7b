// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <xendevicemodel.h>

#include "server.h"

int server_forget(int frontend_domid)
{
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
	int ret;

	if (!dmod)
		return -errno;
	ret = xendevicemodel_destroy_ioreq_server(dmod, (domid_t)frontend_domid, 0) ? -errno : 0;
	xendevicemodel_close(dmod);
	return ret;
}
