#include "logdist/registry/discovery/file_lists.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "logdist/config/analyzer_list.hpp"

namespace logdist::registry {

boost::system::result<Answer, std::string> FileLists::read(const std::vector<File>& files) {
  std::map<std::string, std::vector<config::AnalyzerOptions>> now;
  AnswerBuilder builder(source_);
  for (const File& file : files) {
    config::AnalyzerList list;
    if (file.error.empty()) list = config::read_analyzer_list(file.text, file.path, source_.defaults);
    if (file.error.empty() && list.is_readable) {
      now[file.path] = std::move(list.analyzers);
    } else if (const auto before = good_.find(file.path); before != good_.end()) {
      now[file.path] = std::move(before->second);
    } else if (files.size() == 1) {
      // It is all that there is, so that nothing is known of the set.
      return file.error.empty() ? to_string(list.errors[0]) : fmt::format("{}: {}", file.path, file.error);
    }
    if (!file.error.empty()) builder.skip(file.path, file.error);
    for (const config::Error& error : list.errors) {
      const std::string where = error.line > 0 ? fmt::format("{}:{}", error.source, error.line) : error.source;
      builder.skip(where, error.key.empty() ? error.message : fmt::format("{} {}", error.key, error.message));
    }
  }
  good_ = std::move(now);
  for (const auto& [path, analyzers] : good_) {
    for (const config::AnalyzerOptions& analyzer : analyzers) {
      builder.add(analyzer, fmt::format("{} in {}", analyzer.name.empty() ? analyzer.url : analyzer.name, path));
    }
  }
  return builder.finish();
}

}  // namespace logdist::registry
