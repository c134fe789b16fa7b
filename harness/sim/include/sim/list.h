/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked lists with the kernel's names. */
#ifndef GRANTBENCH_SIM_LIST_H
#define GRANTBENCH_SIM_LIST_H

#include "sim/base.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h->prev = h;
}

static inline void sim_list_insert(struct list_head *e, struct list_head *prev,
				   struct list_head *next)
{
	e->prev = prev;
	e->next = next;
	/* whoever walks without the lock sees a complete entry */
	__atomic_store_n(&prev->next, e, __ATOMIC_RELEASE);
	next->prev = e;
}

#define list_add(e, h) sim_list_insert(e, h, (h)->next)
#define list_add_tail(e, h) sim_list_insert(e, (h)->prev, h)
#define list_add_rcu(e, h) list_add(e, h)
#define list_add_tail_rcu(e, h) list_add_tail(e, h)
#define list_empty(h) (READ_ONCE((h)->next) == (h))

static inline void list_del(struct list_head *e)
{
	e->prev->next = e->next;
	e->next->prev = e->prev;
	e->next = e->prev = NULL;
}

static inline void list_del_init(struct list_head *e)
{
	list_del(e);
	INIT_LIST_HEAD(e);
}

static inline void list_move(struct list_head *e, struct list_head *h)
{
	list_del(e);
	list_add(e, h);
}

static inline void list_move_tail(struct list_head *e, struct list_head *h)
{
	list_del(e);
	list_add_tail(e, h);
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->prev->next = to->next;
	to->next->prev = from->prev;
	to->next = from->next;
	from->next->prev = to;
	INIT_LIST_HEAD(from);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first_entry(h, type, member) list_entry((h)->next, type, member)
#define list_last_entry(h, type, member) list_entry((h)->prev, type, member)
#define list_first_entry_or_null(h, type, member) \
	(list_empty(h) ? NULL : list_first_entry(h, type, member))
#define list_next_entry(e, member) list_entry((e)->member.next, __typeof__(*(e)), member)
#define list_for_each_entry(e, h, member)                                       \
	for ((e) = list_first_entry(h, __typeof__(*(e)), member); &(e)->member != (h); \
	     (e) = list_next_entry(e, member))
#define list_for_each_entry_safe(e, n, h, member)                               \
	for ((e) = list_first_entry(h, __typeof__(*(e)), member),               \
	     (n) = list_next_entry(e, member);                                  \
	     &(e)->member != (h); (e) = (n), (n) = list_next_entry(n, member))
#define list_for_each_entry_rcu(e, h, member, ...)                              \
	for ((e) = list_entry(smp_load_acquire(&(h)->next), __typeof__(*(e)), member); \
	     &(e)->member != (h);                                               \
	     (e) = list_entry(smp_load_acquire(&(e)->member.next), __typeof__(*(e)), member))

#endif
