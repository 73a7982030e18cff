#define _GNU_SOURCE 1

#include "CDatagrams.h"

#include <linux/types.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#define SAME_PLACE(own, field, whole, other)                                                                     \
    _Static_assert(offsetof(own, field) == offsetof(whole, other), "as the C library has it")

_Static_assert(sizeof(struct datagram_vector) == sizeof(struct iovec), "as the C library has it");
SAME_PLACE(struct datagram_vector, length, struct iovec, iov_len);
_Static_assert(sizeof(struct datagram_message) == sizeof(struct mmsghdr), "as the C library has it");
SAME_PLACE(struct datagram_message, name, struct mmsghdr, msg_hdr.msg_name);
SAME_PLACE(struct datagram_message, name_length, struct mmsghdr, msg_hdr.msg_namelen);
SAME_PLACE(struct datagram_message, vectors, struct mmsghdr, msg_hdr.msg_iov);
SAME_PLACE(struct datagram_message, vector_count, struct mmsghdr, msg_hdr.msg_iovlen);
SAME_PLACE(struct datagram_message, control, struct mmsghdr, msg_hdr.msg_control);
SAME_PLACE(struct datagram_message, control_length, struct mmsghdr, msg_hdr.msg_controllen);
SAME_PLACE(struct datagram_message, flags, struct mmsghdr, msg_hdr.msg_flags);
SAME_PLACE(struct datagram_message, length, struct mmsghdr, msg_len);
_Static_assert(sizeof(struct datagram_event) == sizeof(struct epoll_event), "as the C library has it");
SAME_PLACE(struct datagram_event, number, struct epoll_event, data);
_Static_assert(DATAGRAM_SOL_UDP == SOL_UDP, "as the C library has it");
_Static_assert(DATAGRAM_UDP_SEGMENT == UDP_SEGMENT && DATAGRAM_UDP_GRO == UDP_GRO, "as the C library has it");
_Static_assert(DATAGRAM_EVENT_IN == EPOLLIN && DATAGRAM_EVENT_ERROR == EPOLLERR, "as the C library has it");
_Static_assert(DATAGRAM_ORIGIN_ICMP == SO_EE_ORIGIN_ICMP, "as the C library has it");
_Static_assert(DATAGRAM_ORIGIN_ICMP6 == SO_EE_ORIGIN_ICMP6, "as the C library has it");

int datagram_receive(int socket, struct datagram_message *messages, unsigned int count) {
    return recvmmsg(socket, (struct mmsghdr *)messages, count, MSG_DONTWAIT, NULL);
}

int datagram_send(int socket, struct datagram_message *messages, unsigned int count) {
    return sendmmsg(socket, (struct mmsghdr *)messages, count, MSG_DONTWAIT);
}

int datagram_poll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int datagram_poll_add(int poll, int descriptor, uint64_t number) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

int datagram_poll_wait(int poll, struct datagram_event *events, int count, int milliseconds) {
    return epoll_wait(poll, (struct epoll_event *)events, count, milliseconds);
}

int datagram_wake_create(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
