// The answers of the packet port, as bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "logdist/base/http_date.hpp"
#include "logdist/ingest/dialects/answers.hpp"

namespace logdist::ingest {

/// What an answer says of its connection.
enum class Persistence : std::uint8_t {
  implied,     ///< HTTP/1.1 that stays open: nothing need be said
  keep_alive,  ///< HTTP/1.0 that asked to stay open
  close,
};

/// Composes answers at the end of an output string. Allocates nothing for
/// accepted packets once the string has its capacity. Confined to one loop.
class ResponseWriter {
 public:
  /// 202 or 200 for a packet; `id` is visible ASCII.
  void accepted(std::string& out, unsigned status, std::string_view id, std::uint32_t messages,
                Persistence persistence);

  /// Another answer in the words of a protocol. `body_omitted`: to HEAD.
  void reply(std::string& out, const Reply& reply, bool body_omitted, Persistence persistence);

  /// An error in the words of its protocol. 405 carries Allow, 503 Retry-After.
  void problem(std::string& out, const Question& question, const Problem& problem, bool body_omitted,
               Persistence persistence);

  /// 200: we are alive. `body_omitted`: to HEAD.
  void alive(std::string& out, bool body_omitted, Persistence persistence);

  /// 200: the methods that there are.
  void options(std::string& out, Methods allow, Persistence persistence);

  /// The interim answer to `Expect: 100-continue`.
  static void proceed(std::string& out);

 private:
  void begin_status(std::string& out, unsigned status);
  void begin(std::string& out, unsigned status, std::string_view content_type, std::size_t content_length);
  void begin(std::string& out, const Reply& reply);
  static void end(std::string& out, Persistence persistence);

  HttpDate date_;
};

}  // namespace logdist::ingest
