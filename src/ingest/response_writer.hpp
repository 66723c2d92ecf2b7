// The answers of the packet port, as bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "logdist/base/http_date.hpp"

namespace logdist::ingest {

/// What an answer says of its connection.
enum class Persistence : std::uint8_t {
  implied,     ///< HTTP/1.1 that stays open: nothing need be said
  keep_alive,  ///< HTTP/1.0 that asked to stay open
  close,
};

/// An answer that is an error (RFC 9457).
struct Problem {
  unsigned status = 400;
  std::string_view detail;
  std::optional<std::size_t> offset;   ///< of the fault in the body
  bool body_omitted = false;           ///< the answer to HEAD
  std::chrono::seconds retry_after{};  ///< of a 503
  std::string_view allow{};            ///< the methods that a 405 names
  std::string_view accept_encoding{};  ///< of a 415: the codings that are taken, when it is about those
};

/// Composes answers at the end of an output string. Allocates nothing for
/// accepted packets once the string has its capacity. Confined to one loop.
class ResponseWriter {
 public:
  /// 202 or 200 for a packet; `id` is visible ASCII.
  void accepted(std::string& out, unsigned status, std::string_view id, std::uint32_t messages,
                Persistence persistence);

  /// An error. 405 carries Allow, 503 Retry-After.
  void problem(std::string& out, const Problem& problem, Persistence persistence);

  /// 200: we are alive. `body_omitted`: to HEAD.
  void alive(std::string& out, bool body_omitted, Persistence persistence);

  /// 200: the methods of the port as a whole.
  void options(std::string& out, Persistence persistence);

  /// The interim answer to `Expect: 100-continue`.
  static void proceed(std::string& out);

 private:
  void begin(std::string& out, unsigned status, std::string_view content_type, std::size_t content_length);
  static void end(std::string& out, Persistence persistence);

  HttpDate date_;
};

}  // namespace logdist::ingest
