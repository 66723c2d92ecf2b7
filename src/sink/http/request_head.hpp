// The lines before a packet's body.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "logdist/core/packet.hpp"
#include "logdist/sink/http/pool_upstream.hpp"

namespace logdist::sink {

/// The head of every request to one analyzer. What does not change from packet
/// to packet is put together once.
class RequestHead {
 public:
  /// A configured Host or User-Agent header replaces ours; Via is a list, to which ours is added. Of a native
  /// target each packet has its own path and query.
  RequestHead(const AnalyzerTarget& target, const PoolOptions& options);

  /// Writes the head of `packet`'s request over `head`, keeping its capacity. With `content_bytes`: of one whose body
  /// goes out decompressed, to so many bytes.
  void write(std::string& head, const core::Packet& packet,
             std::optional<std::size_t> content_bytes = std::nullopt) const;

 private:
  std::string request_line_;  ///< empty: each packet has its own
  std::string common_;
  std::string via_;
};

}  // namespace logdist::sink
