// What must hold of every run, in terms counted outside of the daemon.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/load.hpp"

namespace logdist::e2e {

/// The packets answered with `status`.
std::vector<Sent> with_status(const std::vector<Sent>& sent, unsigned status);
std::vector<std::string> ids_of(const std::vector<Sent>& sent);
std::uint64_t messages_of(const std::vector<Sent>& sent);

/// Every packet was answered so, and each 2xx names the packet and its messages.
void expect_answers(const std::vector<Sent>& sent, unsigned status);
/// A 503 says when to come again: 1 to 60 whole seconds.
void expect_retry_after(const std::vector<Sent>& sent);

/// The analyzers took just these packets: none is missing, invented or doubled.
void expect_taken(std::vector<std::string> taken, std::vector<std::string> accepted);

double resident_bytes(DaemonProcess& daemon);
/// The memory is soon what it was in a quiet time, or little more. Nothing is expected under a
/// sanitizer, which keeps what was freed. Prints both figures.
void expect_memory_back(DaemonProcess& daemon, double quiet_bytes, double slack_bytes = 4 << 20);

/// No analyzer's messages are further than `slack` from its share of them all.
void expect_shares(const std::vector<std::uint64_t>& messages, const std::vector<std::uint64_t>& weights,
                   std::uint64_t slack);

/// With nothing under way any more: every term of the daemon's books is what the
/// agents and the analyzers have counted. Only for runs in which nothing failed.
void expect_books(const Samples& samples, const std::vector<Sent>& sent, const Analyzers& analyzers);

}  // namespace logdist::e2e
