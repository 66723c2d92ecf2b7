#include "logdist/registry/discovery/cache.hpp"

#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "logdist/config/analyzer_list.hpp"
#include "logdist/registry/discovery/discovery.hpp"

namespace logdist::registry {
namespace {

using OrderedJson = nlohmann::ordered_json;
constexpr int cache_version = 1;

}  // namespace

std::string encode_cache(const config::DiscoveryOptions& options, const KnownSets& known) {
  OrderedJson sources = OrderedJson::object();
  for (const config::SourceOptions& source : options.sources) {
    const auto found = known.find(source.source);
    if (found == known.end() || found->second.empty()) continue;
    sources[source.source] = {{"type", to_string(source.type)},
                              {"analyzers", OrderedJson::parse(config::write_analyzer_list(found->second))}};
  }
  const OrderedJson json{{"version", cache_version}, {"sources", std::move(sources)}};
  return json.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + '\n';
}

KnownSets decode_cache(std::string_view text, const config::DiscoveryOptions& options, std::string& error) {
  KnownSets known;
  const OrderedJson json = OrderedJson::parse(text, nullptr, false);
  if (!json.is_object() || json.value("version", OrderedJson()) != cache_version || !json.contains("sources") ||
      !json["sources"].is_object()) {
    error = "is no file of this kind";
    return known;
  }
  for (const config::SourceOptions& source : options.sources) {
    const auto found = json["sources"].find(source.source);
    if (found == json["sources"].end() || !found->is_object() || !found->contains("analyzers")) continue;
    if (found->value("type", OrderedJson()) != to_string(source.type)) continue;
    config::AnalyzerList list = config::read_analyzer_list((*found)["analyzers"].dump(), "discovery.cache", {});
    AnswerBuilder builder(source);
    for (config::AnalyzerOptions& analyzer : list.analyzers) builder.add(std::move(analyzer), "an entry");
    known[source.source] = builder.finish().analyzers;
    if (!list.errors.empty()) error = list.errors[0].message;
  }
  return known;
}

std::string cache_path(const config::Options& options) {
  if (options.discovery.cache != config::BalanceOptions::beside_the_queue) return options.discovery.cache;
  const std::filesystem::path queue(options.queue.directory);
  const std::filesystem::path folder = (queue.has_filename() ? queue : queue.parent_path()).parent_path();
  return (folder / "discovery.cache").string();
}

}  // namespace logdist::registry
