#include "tests/e2e/network.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

#include "tests/e2e/wait.hpp"
#include "tests/support/process.hpp"

namespace logdist::e2e {
namespace {

os::FileDescriptor present_network() {
  os::FileDescriptor network(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network.is_open()) throw NotAllowed("no network namespaces here");
  return network;
}

os::FileDescriptor new_network() {
  if (::unshare(CLONE_NEWNET) != 0) {
    throw NotAllowed("no network namespace may be made: " + std::generic_category().message(errno));
  }
  return present_network();
}

/// A program with its arguments; what it says on stderr when it fails.
std::string failure_of(const std::string& command) {
  std::istringstream words(command);
  test::ProcessOptions options;
  words >> options.program;
  for (std::string word; words >> word;) options.arguments.push_back(word);
  try {
    test::Process process(options);
    if (process.wait_exit(patience) == 0) return {};
    return command + ": " + process.errors();
  } catch (const std::system_error& error) {
    return command + ": " + error.what();
  }
}

void run(const std::string& command) {
  if (const std::string failure = failure_of(command); !failure.empty()) throw NotAllowed(failure);
}

}  // namespace

TwoNetworks::TwoNetworks(const std::optional<Impairment>& impairment) : home_(present_network()) {
  try {
    far_ = new_network();
    run("ip link set lo up");
    near_ = new_network();
    run("ip link set lo up");
    if (impairment) {
      connect_badly(*impairment);
    } else {
      connect();
    }
    run("ip addr add 10.203.0.1/30 dev near");
    run("ip link set near up");
    in_far([] {
      run(fmt::format("ip addr add {}/30 dev far", far_address));
      run("ip link set far up");
    });
  } catch (...) {
    enter(home_);
    throw;
  }
}

TwoNetworks::~TwoNetworks() { enter(home_); }

void TwoNetworks::enter(const os::FileDescriptor& network) {
  if (::setns(network.number(), CLONE_NEWNET) != 0) throw NotAllowed("a network cannot be entered");
}

void TwoNetworks::connect() {
  run(fmt::format("ip link add near type veth peer name far netns /proc/{}/fd/{}", ::getpid(), far_.number()));
}

void TwoNetworks::connect_badly(const Impairment& impairment) {
  const auto end = [](const char* name) {
    os::FileDescriptor tun = open_tun(name);
    if (!tun.is_open()) throw NotAllowed("no TUN device may be made: " + std::generic_category().message(errno));
    return tun;
  };
  os::FileDescriptor far_end;
  in_far([&] { far_end = end("far"); });
  cable_ = std::make_unique<Cable>(end("near"), far_end, impairment);
}

void TwoNetworks::cut() {
  in_far([] { run("ip link set far down"); });
}

void TwoNetworks::join() {
  in_far([] { run("ip link set far up"); });
}

}  // namespace logdist::e2e
