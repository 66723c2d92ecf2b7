#include "tests/e2e/delivered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace logdist::e2e {

Delivered compare(const std::vector<Sent>& sent, const std::vector<Entry>& entries,
                  const std::vector<std::string>& dead_letters) {
  std::unordered_map<std::string, const Sent*> known;
  for (const Sent& packet : sent) known.emplace(packet.id, &packet);

  Delivered result;
  std::unordered_set<std::string> seen;
  std::unordered_set<std::string> taken;
  for (const Entry& entry : entries) {
    if (!seen.insert(entry.id).second) ++result.duplicates;
    if (entry.taken) taken.insert(entry.id);
    const auto found = known.find(entry.id);
    if (found == known.end()) {
      result.invented.push_back(entry.id);
      continue;
    }
    const std::string body = body_of(*found->second);
    if (entry.messages != found->second->messages || entry.bytes != body.size() || entry.crc32 != crc32_of(body)) {
      result.altered.push_back(entry.id);
    }
  }
  const std::unordered_set<std::string> kept(dead_letters.begin(), dead_letters.end());
  for (const Sent& packet : sent) {
    if (!packet.accepted()) continue;
    ++result.accepted;
    if (taken.count(packet.id) != 0) {
      ++result.taken;
    } else if (kept.count(packet.id) == 0) {
      result.lost.push_back(packet.id);
    }
  }
  return result;
}

double explained_duplicates(const Samples& samples, const std::vector<std::string>& analyzers) {
  double explained = samples.value("logdist_requests_resent_total");
  for (const std::string& analyzer : analyzers) {
    for (const char* outcome : {"timeout", "connection_broken", "protocol_error"}) {
      explained += samples.attempts(analyzer, outcome);
    }
  }
  return explained;
}

std::vector<std::string> dead_letter_ids(const std::vector<std::string>& lines) {
  std::vector<std::string> ids;
  for (const std::string& line : lines) ids.push_back(nlohmann::json::parse(line).at("packet_id").get<std::string>());
  return ids;
}

}  // namespace logdist::e2e
