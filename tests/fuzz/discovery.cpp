// Any bytes as what a source of analyzers answers: good analyzers or a reason, and what the cache gives back is the
// same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/config/analyzer_list.hpp"
#include "logdist/config/keys.hpp"
#include "logdist/registry/discovery/cache.hpp"
#include "logdist/registry/discovery/file_lists.hpp"
#include "logdist/registry/discovery/parsers.hpp"
#include "logdist/registry/discovery/source_state.hpp"
#include "registry/discovery/srv_lookup.hpp"

namespace {

using namespace logdist;
using namespace logdist::registry;

config::DiscoveryOptions one_source() {
  config::DiscoveryOptions options;
  options.sources.emplace_back().source = "s";
  return options;
}

const config::DiscoveryOptions options = one_source();
const config::SourceOptions& source = options.sources[0];

bool is_plain(const std::string& text) {
  return std::ranges::none_of(text, [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; });
}

void expect_good(const Answer& answer) {
  LOGDIST_CHECK(answer.analyzers.size() <= config::analyzers_max);
  LOGDIST_CHECK(answer.skipped.size() == std::min(answer.skipped_count, Answer::skipped_max));
  for (const Skipped& one : answer.skipped) LOGDIST_CHECK(is_plain(one.what) && is_plain(one.why) && !one.why.empty());
  std::set<std::string> names;
  for (const config::AnalyzerOptions& one : answer.analyzers) {
    LOGDIST_CHECK(names.insert(one.name).second);
    LOGDIST_CHECK(!one.name.empty() && one.name != config::gone_name && is_plain(one.name));
    LOGDIST_CHECK(!one.host.empty() && !one.port.empty() && one.target.starts_with('/') && is_plain(one.target));
    LOGDIST_CHECK(one.target.find(' ') == std::string::npos && one.weight.units > 0 && one.source == "s");
  }
  std::string error;
  const KnownSets again = decode_cache(encode_cache(options, {{"s", answer.analyzers}}), options, error);
  LOGDIST_CHECK(error.empty());
  const auto found = again.find("s");
  LOGDIST_CHECK((found != again.end()) == !answer.analyzers.empty());
  if (found != again.end()) LOGDIST_CHECK(std::ranges::equal(found->second, answer.analyzers, is_same));
}

void expect_good(const Parsed& parsed) {
  if (parsed) return expect_good(*parsed);
  LOGDIST_CHECK(!parsed.error().empty() && is_plain(parsed.error()));
}

/// The same however it is cut.
void watch(std::string_view text) {
  EtcdWatch whole;
  EtcdWatch in_pieces;
  bool has_news = false;
  for (std::size_t size = 0; size < text.size() && !has_news; size += 7)
    has_news = in_pieces.has_news(text.substr(0, size));
  has_news = has_news || in_pieces.has_news(text);
  LOGDIST_CHECK(has_news == whole.has_news(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 7) {
    case 0: expect_good(parse_http_sd(text, source)); break;
    case 1: expect_good(parse_consul(text, source)); break;
    case 2:
      if (const auto range = parse_etcd_range(text, source)) {
        LOGDIST_CHECK(!etcd_watch_request("/p/", range->revision).empty());
        expect_good(range->answer);
      }
      break;
    case 3: watch(text); break;
    case 4: expect_good(FileLists(source).read({{"f", std::string(text), ""}})); break;
    case 5:
      if (const auto records = parse_srv({data + 1, size - 1})) expect_good(answer_of(records->records, source));
      break;
    default: {
      std::string error;
      const KnownSets known = decode_cache(text, options, error);
      if (const auto found = known.find("s"); found != known.end()) expect_good(Answer{found->second, {}, 0});
    }
  }
  return 0;
}
