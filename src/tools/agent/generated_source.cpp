#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "logdist/base/check.hpp"
#include "logdist/tools/agent/packet_source.hpp"
#include "tools/agent/packet_id.hpp"

namespace logdist::tools {
namespace {

// Nothing below needs escaping in JSON: the body is put together as text.
constexpr std::array<const char*, 4> levels{"debug", "info", "warn", "error"};
constexpr std::array<const char*, 6> services{"checkout", "catalogue", "payment", "search", "session", "shipping"};
constexpr std::array<const char*, 16> words{"request",  "completed", "for",    "customer", "after", "retry",
                                            "upstream", "answered",  "within", "budget",   "cache", "miss",
                                            "fetched",  "rows",      "from",   "replica"};

template <typename Table>
const char* pick(const Table& table, Random& random) {
  return table[random.below(table.size())];
}

}  // namespace

GeneratedSource::GeneratedSource(GeneratedSourceOptions options)
    : options_(std::move(options)), random_(options_.seed) {
  LOGDIST_CHECK(options_.messages_min >= 1 && options_.messages_min <= options_.messages_max);
}

std::optional<OutgoingPacket> GeneratedSource::next() {
  if (interrupted_) return std::nullopt;
  const auto spread = std::uint64_t{options_.messages_max} - options_.messages_min + 1;
  const auto messages = options_.messages_min + static_cast<std::uint32_t>(random_.below(spread));

  OutgoingPacket packet{make_packet_id(random_), json_content_type, {}, messages};
  packet.body.reserve((options_.message_bytes + 32) * messages + 128);
  fmt::format_to(std::back_inserter(packet.body), R"({{"packet_id":"{}","agent_id":"{}","messages":[)", packet.id,
                 options_.agent_id);
  for (std::uint32_t i = 0; i < messages; ++i) {
    if (i > 0) packet.body += ',';
    append_message(packet.body);
  }
  packet.body += "]}";
  return packet;
}

void GeneratedSource::append_message(std::string& body) {
  const std::size_t end = body.size() + options_.message_bytes;
  fmt::format_to(std::back_inserter(body), R"({{"sequence":{},"level":"{}","service":"{}","duration_ms":{},"text":")",
                 ++sequence_, pick(levels, random_), pick(services, random_), random_.below(2'000));
  body += pick(words, random_);
  while (body.size() + 2 < end) {
    body += ' ';
    body += pick(words, random_);
  }
  body += "\"}";
}

}  // namespace logdist::tools
