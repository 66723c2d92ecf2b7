// Several files with lists of analyzers, as one answer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/registry/discovery/answer.hpp"

namespace logdist::registry {

/// Remembers what each file had when it was good last: one that cannot be read, or is half written, takes nothing away.
/// A file that is gone does. Sans-I/O; not thread-safe.
class FileLists {
 public:
  struct File {
    std::string path;
    std::string text;
    std::string error;  ///< why there is no text; empty: there is
  };

  /// `source` outlives it.
  explicit FileLists(const config::SourceOptions& source) : source_(source) {}

  /// All files that there are now. A failure when the only one cannot be read and never could; what is wrong with one
  /// file of several, or with an entry, is among the skipped.
  boost::system::result<Answer, std::string> read(const std::vector<File>& files);

 private:
  const config::SourceOptions& source_;
  std::map<std::string, std::vector<config::AnalyzerOptions>> good_;  ///< by path
};

}  // namespace logdist::registry
