// Two networks with a cable between them that can be cut, in namespaces of the
// kernel: nothing of the machine's own network is touched.
#pragma once

#include <stdexcept>
#include <string>

#include "logdist/app/file_descriptor.hpp"

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

  /// Throws NotAllowed.
  TwoNetworks();
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
  /// Makes the cable bad, as tc-netem(8) is told: "delay 20ms loss 5%". Throws
  /// NotAllowed when the kernel cannot.
  void impair(const std::string& how);

 private:
  static void enter(const app::FileDescriptor& network);

  app::FileDescriptor home_;
  app::FileDescriptor near_;
  app::FileDescriptor far_;
};

}  // namespace logdist::e2e
