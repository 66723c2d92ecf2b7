#include "logdist/registry/discovery/answer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "logdist/config/analyzer_list.hpp"
#include "logdist/config/keys.hpp"
#include "logdist/config/yaml/printable.hpp"

namespace logdist::registry {
namespace {

std::string in_brackets(const std::string& host) {
  return host.find(':') == host.npos || host.starts_with('[') ? host : fmt::format("[{}]", host);
}

bool is_port(const std::string& text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port < 65'536;
}

std::string url_of(const config::SourceOptions& source, const AnswerBuilder::Instance& instance) {
  if (!instance.url.empty()) return instance.url;
  std::string path = instance.path.empty() ? source.path : instance.path;
  if (!path.starts_with('/')) path.insert(0, "/");
  return fmt::format("{}://{}:{}{}", instance.scheme.empty() ? source.scheme : instance.scheme,
                     in_brackets(instance.host), instance.port, path);
}

/// Its place in an answer.
std::pair<const std::string&, const std::string&> place_of(const config::AnalyzerOptions& analyzer) {
  return {analyzer.name, analyzer.url};
}

}  // namespace

std::string address_of(const config::AnalyzerOptions& analyzer) {
  return fmt::format("{}:{}", in_brackets(analyzer.host), analyzer.port);
}

void AnswerBuilder::skip(const std::string& what, const std::string& why) {
  ++answer_.skipped_count;
  if (answer_.skipped.size() < Answer::skipped_max) answer_.skipped.push_back({config::printable(what), why});
}

void AnswerBuilder::add(const Instance& instance) {
  // A host is one: what else a URL may have would move the packets elsewhere.
  const bool is_host = instance.host.find_first_of("/?#@ \t") == std::string::npos && !instance.host.empty();
  if (instance.url.empty() && !is_host) return skip(instance.what, config::quote(instance.host) + " is not a host");
  if (instance.url.empty() && !is_port(instance.port)) {
    return skip(instance.what, config::quote(instance.port) + " is not a port");
  }
  config::AnalyzerOptions analyzer = source_.defaults;
  std::string error = config::set_url(analyzer, url_of(source_, instance));
  if (error.empty() && !instance.weight.empty()) error = config::set_weight(analyzer, instance.weight);
  if (error.empty() && !instance.zone.empty()) error = config::set_zone(analyzer, instance.zone);
  if (!error.empty()) return skip(instance.what, error);
  add(std::move(analyzer), instance.what);
}

void AnswerBuilder::add(config::AnalyzerOptions analyzer, const std::string& what) {
  if (analyzer.url.empty()) return skip(what, "has no url");
  const auto [first, is_new] = what_of_url_.emplace(analyzer.url, config::printable(what));
  if (!is_new) return skip(what, "has the url of " + first->second);
  if (analyzer.name.empty() || analyzer.name == config::gone_name) {
    analyzer.name = fmt::format("{}/{}", source_.source, address_of(analyzer));
  }
  analyzer.source = source_.source;
  std::vector<config::AnalyzerOptions>& all = answer_.analyzers;
  all.push_back(std::move(analyzer));
  std::ranges::push_heap(all, {}, place_of);
  if (all.size() <= config::analyzers_max) return;
  // Whatever order they come in, the same ones are taken.
  std::ranges::pop_heap(all, {}, place_of);
  skip(what_of_url_[all.back().url], fmt::format("there are more than {} analyzers", config::analyzers_max));
  what_of_url_.erase(all.back().url);
  all.pop_back();
}

Answer AnswerBuilder::finish() {
  std::vector<config::AnalyzerOptions> all = std::exchange(answer_.analyzers, {});
  std::ranges::sort(all, {}, place_of);
  std::set<std::string> names;
  for (config::AnalyzerOptions& one : all) {
    // Two of one name differ by where they are, and two of one address by what their URLs have behind it.
    if (names.contains(one.name)) one.name = fmt::format("{}/{}{}", source_.source, address_of(one), one.target);
    if (names.insert(one.name).second) {
      answer_.analyzers.push_back(std::move(one));
    } else {
      skip(one.url, "has a name that is taken");
    }
  }
  return std::move(answer_);
}

std::vector<config::AnalyzerOptions> merge(const config::Options& options, const KnownSets& known,
                                           std::vector<Skipped>& skipped) {
  std::vector<config::AnalyzerOptions> all = options.analyzers;
  std::set<std::string> names;
  std::map<std::string, std::string> name_of_url;
  for (const config::AnalyzerOptions& analyzer : all) {
    names.insert(analyzer.name);
    name_of_url.emplace(analyzer.url, analyzer.name);
  }
  for (const config::SourceOptions& source : options.discovery.sources) {
    const auto found = known.find(source.source);
    if (found == known.end()) continue;
    for (config::AnalyzerOptions analyzer : found->second) {
      const auto [other, is_new] = name_of_url.emplace(analyzer.url, analyzer.name);
      if (!is_new) {
        skipped.push_back({analyzer.name, "has the url of " + other->second});
        continue;
      }
      const std::string by_address = fmt::format("{}/{}", source.source, address_of(analyzer));
      if (names.contains(analyzer.name)) analyzer.name = by_address;
      if (names.contains(analyzer.name)) analyzer.name = by_address + analyzer.target;
      if (all.size() == config::analyzers_max || !names.insert(analyzer.name).second) {
        skipped.push_back(
            {analyzer.name, all.size() == config::analyzers_max ? "there are too many" : "has a name that is taken"});
        continue;
      }
      all.push_back(std::move(analyzer));
    }
  }
  return all;
}

}  // namespace logdist::registry
