// The lines before a packet's body.
#pragma once

#include <string>
#include <string_view>

#include "logdist/packet/packet.hpp"
#include "logdist/upstream/pool_upstream.hpp"

namespace logdist::upstream {

/// The head of every request to one analyzer. What does not change from packet
/// to packet is put together once.
class RequestHead {
 public:
  /// A configured Host or User-Agent header replaces ours; Via is a list, to which ours is added.
  RequestHead(const AnalyzerTarget& target, const PoolOptions& options);

  /// Writes the head of `packet`'s request over `head`, keeping its capacity.
  void write(std::string& head, const packet::Packet& packet) const;

 private:
  std::string common_;
};

}  // namespace logdist::upstream
