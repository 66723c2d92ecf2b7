// What a source of analyzers answers, whatever it is asked by.
//
// Not thread-safe. Input is a stranger's: what is wrong is skipped, with the reason, never an error of ours.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/config/options.hpp"

namespace logdist::registry {

/// An instance that is not taken.
struct Skipped {
  std::string what;  ///< as its source names it
  std::string why;

  bool operator==(const Skipped&) const = default;
  auto operator<=>(const Skipped&) const = default;
};

/// Good analyzers in the order of their names, which are unique, and those that are none.
struct Answer {
  std::vector<config::AnalyzerOptions> analyzers;
  std::vector<Skipped> skipped;   ///< the first skipped_max of them
  std::size_t skipped_count = 0;  ///< all of them

  static constexpr std::size_t skipped_max = 100;
};

/// `HOST:PORT` of an analyzer, an IPv6 address in brackets.
std::string address_of(const config::AnalyzerOptions& analyzer);

/// Makes an answer of what a source says, instance by instance.
class AnswerBuilder {
 public:
  /// One as most sources have it. Empty texts say nothing.
  struct Instance {
    std::string what;  ///< for people
    std::string url;   ///< or host and port, to be spoken to by the source's scheme and path
    std::string host;  ///< an IPv6 address without brackets
    std::string port;
    std::string scheme;  ///< instead of the source's
    std::string path;    ///< likewise
    std::string weight;
    std::string zone;
  };

  /// `source` outlives it.
  explicit AnswerBuilder(const config::SourceOptions& source) : source_(source) {}

  void add(const Instance& instance);
  /// One whose settings are all there. Without a name it gets one from where it is.
  void add(config::AnalyzerOptions analyzer, const std::string& what);
  void skip(const std::string& what, const std::string& why);

  Answer finish();

 private:
  const config::SourceOptions& source_;
  Answer answer_;
  std::map<std::string, std::string, std::less<>> what_of_url_;
};

/// The analyzers that are in force when each source of `options` gives what `known` has for its name: those
/// configured, then source by source. One whose url is there already is left out, and so is one too many; one whose
/// name is taken is named by where it is. What is left out is added to `skipped`.
using KnownSets = std::map<std::string, std::vector<config::AnalyzerOptions>, std::less<>>;
std::vector<config::AnalyzerOptions> merge(const config::Options& options, const KnownSets& known,
                                           std::vector<Skipped>& skipped);

}  // namespace logdist::registry
