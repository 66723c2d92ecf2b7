// What the files of tokens have in common: a list of entries, each a mapping of known keys.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/auth/token.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/yaml/report.hpp"
#include "logdist/config/yaml/tree.hpp"

namespace logdist::auth {

/// Reads the entries of one file, and reports all that is wrong with them. Quotes nothing of a value: it may be a token
/// by mistake.
class EntryReader {
 public:
  struct Shape {
    std::string_view things;  ///< "tokens"
    std::string_view keys;    ///< "name, role and token_sha256"
    std::span<const std::string_view> known;
    std::span<const std::string_view> required;
    std::size_t entries_max;
  };

  EntryReader(const std::string& source, config::Report& report, const Shape& shape)
      : source_(source), report_(report), shape_(shape) {}

  /// Calls `begin(line, path)` for each entry, then `value(key, value, path)` for each of its known keys.
  void read(const config::Node& root, const std::function<void(std::size_t, const std::string&)>& begin,
            const std::function<void(const config::Node&, const config::Node&, const std::string&)>& value);

  void add(std::size_t line, const std::string& key, std::string message) {
    report_.add_error({source_, line, key}, std::move(message));
  }
  /// Calls `value(key, value, path)` for each known key of a mapping.
  void read_keys(const config::Node& mapping, const std::string& path, std::span<const std::string_view> known,
                 std::string_view allowed,
                 const std::function<void(const config::Node&, const config::Node&, const std::string&)>& value);
  /// 1 to 64 of letters, digits, _, . and -, unique in the file.
  std::string read_name(const config::Node& key, const config::Node& value, const std::string& path);
  /// One or a list, each unique in the file.
  std::vector<TokenDigest> read_digests(const config::Node& key, const config::Node& value, const std::string& path);
  /// The scalars of one, or of a list: at least one, at most `max`. `what` is allowed.
  std::vector<config::Node> read_list(const config::Node& key, const config::Node& value, const std::string& path,
                                      std::size_t max, std::string_view what);

 private:
  const std::string& source_;
  config::Report& report_;
  const Shape& shape_;
  std::map<std::string, std::size_t> line_of_name_;
  std::map<TokenDigest, std::size_t> line_of_digest_;
};

/// The tree of a text. What is wrong with it is reported without a word of it.
std::optional<config::Node> parse_entries(std::string_view text, const std::string& source, config::Report& report);

/// The text of a file, if it can be read. Warns when its mode has one of `unwanted`: `better` says how it should be.
std::optional<std::string> read_entries(const std::string& path, unsigned unwanted, std::string_view better,
                                        config::Report& report);

/// Adds to `loaded` what was found in the file that `key` names.
void append_found(config::Loaded& loaded, const std::string& key, const std::vector<config::Error>& errors,
                  const std::vector<config::Error>& warnings);

/// Adds to `loaded` what `read` finds in the file at `path`, that `key` names; nothing when there is none, or what is
/// given is wrong itself.
template <typename Read>
void check_entries(config::Loaded& loaded, const std::string& key, const std::string& path, Read read) {
  const auto is_of_key = [&key](const config::Error& error) { return error.key == key; };
  if (path.empty() || std::ranges::any_of(loaded.errors, is_of_key)) return;
  const auto file = read(path);
  append_found(loaded, key, file.errors, file.warnings);
}

}  // namespace logdist::auth
