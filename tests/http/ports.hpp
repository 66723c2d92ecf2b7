// Both ports of the daemon in this process, and one case's dialogue with one of them.
#pragma once

#include <memory>

#include "case.hpp"

namespace logdist::http_cases {

/// The packet port over a sink that keeps what it is given, and the admin port. One pair serves all cases, one after
/// the other.
class Ports {
 public:
  Ports();
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  enum class Writes { whole, byte_by_byte };
  /// Plays the case on a connection of its own; all that is not as it should be is a failure of the running test.
  void play(const Case& one, Case::Port port, Writes writes);

 private:
  class Admin;
  struct Packets;
  std::unique_ptr<Packets> packets_;
  std::unique_ptr<Admin> admin_;
};

}  // namespace logdist::http_cases
