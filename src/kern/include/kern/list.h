/* Intrusive circular doubly linked list. A head is a node that carries no element. */
#ifndef KERN_LIST_H
#define KERN_LIST_H

#include <kern/types.h>

struct list {
  struct list *next, *prev;
};

#define LIST_INIT(name) \
  {                     \
    &(name), &(name)    \
  }

static inline void list_init(struct list *l)
{
  l->next = l->prev = l;
}
static inline bool list_empty(const struct list *head)
{
  return head->next == head;
}

static inline void list_insert_between(struct list *n, struct list *prev, struct list *next)
{
  n->prev = prev;
  n->next = next;
  prev->next = n;
  next->prev = n;
}

static inline void list_push_front(struct list *head, struct list *n)
{
  list_insert_between(n, head, head->next);
}
static inline void list_push_back(struct list *head, struct list *n)
{
  list_insert_between(n, head->prev, head);
}

/* Takes n off its list and leaves it an empty list of its own, so removing twice is harmless. */
static inline void list_remove(struct list *n)
{
  n->prev->next = n->next;
  n->next->prev = n->prev;
  list_init(n);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(it, head, type, member)                                    \
  for (type *it = list_entry((head)->next, type, member); &it->member != (head); \
       it = list_entry(it->member.next, type, member))
/* As list_for_each, and `it` may be removed in the body. */
#define list_for_each_safe(it, head, type, member)                                                                \
  for (type *it = list_entry((head)->next, type, member), *it##_next = list_entry(it->member.next, type, member); \
       &it->member != (head); it = it##_next, it##_next = list_entry(it->member.next, type, member))

#endif
