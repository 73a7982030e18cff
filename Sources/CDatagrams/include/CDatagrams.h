// What the relay needs of Linux and Swift's view of the C library leaves out: batches of datagrams, their segmentation,
// and polling. The C library declares some of it under _GNU_SOURCE only, with which its headers say other things than in
// the modules that Swift and SwiftNIO have made of them; so this header includes none of them. CDatagrams.c checks that
// what stands here is laid out as there.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// `struct iovec`.
struct datagram_vector {
    void *base;
    size_t length;
};

/// `struct mmsghdr`.
struct datagram_message {
    void *name;
    uint32_t name_length;
    struct datagram_vector *vectors;
    size_t vector_count;
    void *control;
    size_t control_length;
    int32_t flags;
    int32_t reserved;
    uint32_t length;
};

#if defined(__x86_64__)
#define DATAGRAM_PACKED __attribute__((packed))
#else
#define DATAGRAM_PACKED
#endif

/// `struct epoll_event`.
struct datagram_event {
    uint32_t events;
    uint64_t number;
} DATAGRAM_PACKED;

enum {
    /// The level of the two options after it (netinet/udp.h).
    DATAGRAM_SOL_UDP = 17,
    /// The size of the datagrams that one message is cut into.
    DATAGRAM_UDP_SEGMENT = 103,
    /// Datagrams of one sender come as one message.
    DATAGRAM_UDP_GRO = 104,

    /// Something can be read, or there is an error to be read.
    DATAGRAM_EVENT_IN = 1,
    DATAGRAM_EVENT_ERROR = 8,

    /// Where a socket's error comes from (linux/errqueue.h).
    DATAGRAM_ORIGIN_ICMP = 2,
    DATAGRAM_ORIGIN_ICMP6 = 3,
};

/// recvmmsg(2), without waiting.
int datagram_receive(int socket, struct datagram_message *messages, unsigned int count);

/// sendmmsg(2), without waiting.
int datagram_send(int socket, struct datagram_message *messages, unsigned int count);

/// epoll_create1(2).
int datagram_poll_create(void);

/// epoll_ctl(2): reports that something can be read as that number.
int datagram_poll_add(int poll, int descriptor, uint64_t number);

/// epoll_wait(2).
int datagram_poll_wait(int poll, struct datagram_event *events, int count, int milliseconds);

/// eventfd(2): what one thread writes eight bytes to, to wake another one that polls it.
int datagram_wake_create(void);
