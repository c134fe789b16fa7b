/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that is done later: by sim_run_work(), called by whoever drives the
 * simulation, since that is the only way to know when it happened.
 */
#ifndef GRANTBENCH_SIM_WORK_H
#define GRANTBENCH_SIM_WORK_H

#include "sim/base.h"
#include "sim/list.h"

#define HZ 250
#define jiffies 0UL
#define msecs_to_jiffies(ms) ((unsigned long)(ms) * HZ / 1000)

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	work_func_t func;
	struct work_struct *next;
	bool pending;
	bool delayed;
};

struct delayed_work {
	struct work_struct work;
};

struct workqueue_struct;
#define system_wq ((struct workqueue_struct *)NULL)
#define system_unbound_wq system_wq
#define system_highpri_wq system_wq

#define INIT_WORK(w, f) ((void)(*(w) = (struct work_struct){ .func = (f) }))
#define INIT_DELAYED_WORK(w, f) INIT_WORK(&(w)->work, f)
#define to_delayed_work(w) container_of(w, struct delayed_work, work)

bool sim_queue_work(struct work_struct *work, unsigned long delay);
bool sim_cancel_work(struct work_struct *work);
void sim_flush_work(struct work_struct *work);

#define schedule_work(w) sim_queue_work(w, 0)
#define queue_work(wq, w) ((void)(wq), sim_queue_work(w, 0))
#define schedule_delayed_work(w, delay) sim_queue_work(&(w)->work, delay)
#define queue_delayed_work(wq, w, delay) ((void)(wq), sim_queue_work(&(w)->work, delay))
#define mod_delayed_work(wq, w, delay) ((void)(wq), sim_queue_work(&(w)->work, delay))
#define cancel_work_sync(w) sim_cancel_work(w)
#define cancel_delayed_work_sync(w) sim_cancel_work(&(w)->work)
#define flush_work(w) sim_flush_work(w)
#define flush_delayed_work(w) sim_flush_work(&(w)->work)
#define work_pending(w) READ_ONCE((w)->pending)

/* RCU: nothing is freed while the simulation runs threads. */
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)
#define synchronize_rcu() ((void)0)
#define rcu_dereference(p) smp_load_acquire(&(p))
#define rcu_dereference_raw(p) rcu_dereference(p)
#define rcu_assign_pointer(p, v) smp_store_release(&(p), (v))
#define RCU_INIT_POINTER(p, v) ((void)((p) = (v)))

#endif
