/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /grantbench/cell.conf: what the harness wants of this guest. The keys are
 * documented in docs/ARCHITECTURE.md; conf.c has the table.
 */
#ifndef GB_AGENT_CONF_H
#define GB_AGENT_CONF_H

#include <stddef.h>

#define CONF_PATH "/grantbench/cell.conf"
#define CONF_LIST_MAX 11	/* virtio-mmio devices that a guest can have */

struct conf {
	char token[33];
	char source[16];		/* of our records, if not the program's own; or "" */
	char topology[16];
	int interactive;
	int backend_domid;
	int frontend_domid;		/* -1: not given */
	int ready_evtchn;		/* -1: none */
	char xl_config[128];
	char domu_name[64];
	char driver_config[128];
	char driver_name[64];
	int driver_evtchn;		/* -1: none; first static channel between dom0 and driver domain */
	char driver_label[64];		/* FLASK's, for domains that Xen started; or "" */
	char frontend_label[64];
	int set_target;			/* xsm=dummy: the driver domain gets the domU as target */
	char second[16];		/* "": none; "frontend", "front" (a hostile one) or "driver" */
	int second_domid;
	char second_config[128];
	char second_name[64];
	char second_device[CONF_LIST_MAX][256];	/* the driver domain: what the second frontend gets */
	size_t nr_second_devices;
	char peer_config[128];		/* a second domU at the other end of the network, or "" */
	char peer_name[64];
	char peer_device[256];
	char attack[16];		/* an isolation run: what the backend does; "": none */
	int assault;			/* how many requests it does it around */
	int ask_marks;			/* the backend asks dom0 to read Xen's counters */
	int xenperf;
	int host_virtio;		/* the machine has a virtio disk that is ours to read */
	char dom0_kind[8];		/* what Linux must say that we are: PV, PVH */
	char disturb[16];		/* "crash", "destroy" or "" */
	char device[CONF_LIST_MAX][256];
	size_t nr_devices;

	char pv[16];			/* "blkfront": a PV device instead of a virtio one */
	int pv_requests;		/* dom0: the span ends behind that many */

	char disk[CONF_LIST_MAX][64];
	size_t nr_disks;
	int late_probe;
	char late_bus[64];		/* platform device to bind instead of the disks; "": none */
	int disk_wait_ms;
	char workload[16];
	char fio_job[128];
	int verify;
	int unbind;
	int keep_bound;			/* isolation: the device is not fit for unbinding any more */
	int grants;
	int jitter;			/* instructions to spend before the timed part */
	char nic[64];			/* a network interface's device instead of disks, or "" */
	char net_bridge[16];		/* dom0's, "": none */
	char net_mac[24];		/* of the bridge, or of the interface */
	char net_address[48];		/* with the prefix' length */
	char net_address6[48];		/* or "" */
	char net_peer[48];
	char net_peer6[48];		/* or "" */
	char net_peer_mac[24];
	int net_mtu;
	int net_pairs;
	char net_test[16];		/* the timed part: udp-rr and so on */
	int net_size, net_count, net_in_flight, net_interval_ns, net_seed;
	int net_serve;			/* we are the other end: serve, and be silent */
	int net_restart;		/* the backend is killed in mid-traffic, and started anew */
	int net_echo;			/* the peer echoes UDP, and does no more: no stack behind it */
	int table_seed;			/* 0: leave the grant table as it is */
	int in_flight;			/* of workload selftest: mappings at a time, */
	int rounds;			/* and how often one is ended and another made */
	int trace;			/* record maps and unmaps of the timed part */
	char scenario[64];
	char perf[8];			/* "stat", "record" or "" */
	int age_seed;
	int age_percent;		/* of the grant table that is kept in use, in pieces; 0: none */
};

/*
 * Read and check the file. 0, or -EINVAL / -errno with a sentence in error
 * (err_size bytes) that names the line.
 */
int conf_load(const char *path, struct conf *conf, char *error, size_t err_size);

#endif
