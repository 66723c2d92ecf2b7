// Two networks with a cable between them that can be cut, in namespaces of the
// kernel: nothing of the machine's own network is touched.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>

#include "logdist/os/file_descriptor.hpp"
#include "tests/e2e/cable.hpp"

namespace logdist::e2e {

/// Why there can be no such networks here.
struct NotAllowed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The thread that makes it lives in the near network until the end of it, and so do
/// the threads and processes that it starts meanwhile. Belongs to that thread.
class TwoNetworks {
 public:
  static constexpr auto far_address = "10.203.0.2";  ///< in the far network, reached from the near one

  /// Throws NotAllowed. The cable is a good one unless an impairment is given.
  explicit TwoNetworks(const std::optional<Impairment>& impairment = std::nullopt);
  ~TwoNetworks();
  TwoNetworks(const TwoNetworks&) = delete;
  TwoNetworks& operator=(const TwoNetworks&) = delete;

  /// Runs `work` in the far network: the sockets it makes belong there.
  template <typename Work>
  void in_far(Work work) {
    enter(far_);
    work();
    enter(near_);
  }

  /// Whatever is sent from now on gets lost, both ways.
  void cut();
  void join();
  /// Packets that a bad cable has lost.
  std::uint64_t lost() const { return cable_->lost(); }

 private:
  static void enter(const os::FileDescriptor& network);
  void connect();
  void connect_badly(const Impairment& impairment);

  os::FileDescriptor home_;
  os::FileDescriptor near_;
  os::FileDescriptor far_;
  std::unique_ptr<Cable> cable_;  ///< the bad one
};

}  // namespace logdist::e2e
