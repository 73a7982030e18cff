// What the relay needs of Linux and Swift's view of the C library leaves out: batches of datagrams, their segmentation,
// polling, and what ICMP says. Declarations only; they need _GNU_SOURCE, which a whole Swift target cannot have.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
