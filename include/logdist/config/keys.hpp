// The configuration's keys as data, for tools: documentation, JSON Schema,
// completion. Made from the table that the loader itself reads by.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace logdist::config {

/// How the text of a value is read.
enum class ValueType { whole_number, number, size, duration, text, choice, mapping };

/// The least and the greatest number allowed.
struct Bounds {
  double min = 0;
  double max = 0;
};

/// One key that the configuration knows.
struct KeyInfo {
  std::string path;                  ///< "delivery.retry.max", "analyzers[].weight"
  std::string variable;              ///< its LOGDIST_… variable; empty for a key of one analyzer
  ValueType type = ValueType::text;  ///< of its value
  std::string default_text;          ///< as one would write it; empty when there is none
  std::string allowed;               ///< "a duration from 1ms to 24h, such as 250ms, 5s or 2m"
  std::string meaning;               ///< one sentence
  bool is_list = false;              ///< a list of such texts will do, too
  bool required = false;             ///< of every analyzer
  bool live = false;                 ///< a reload takes a new value at once; else it needs a restart
  std::optional<Bounds> bounds;      ///< of a number, whole or not
  std::vector<std::string> choices;  ///< of ValueType::choice
  std::string pattern;               ///< that every text allowed fits, of ECMA 262; empty when there is none
};

inline constexpr std::size_t analyzers_max = 1024;

/// The variable that replaces the file's list of analyzers:
/// `LOGDIST_ANALYZERS="a=http://host:9101/analyze weight=40, b=…"`.
inline constexpr const char* analyzers_variable = "LOGDIST_ANALYZERS";

/// Where the small tools have their token for the admin port from: the token, or the name of a file with it. A daemon
/// in the same environment ignores them.
inline constexpr const char* token_variable = "LOGDIST_TOKEN";
inline constexpr const char* token_file_variable = "LOGDIST_TOKEN_FILE";

/// How they speak TLS to it, each the default of an option: --ca, --certificate, --key, --server-name. Ignored by a
/// daemon, too.
inline constexpr const char* ca_variable = "LOGDIST_CA_FILE";
inline constexpr const char* certificate_variable = "LOGDIST_CERTIFICATE_FILE";
inline constexpr const char* key_variable = "LOGDIST_KEY_FILE";
inline constexpr const char* server_name_variable = "LOGDIST_SERVER_NAME";

/// All keys, in the order of the documentation.
std::vector<KeyInfo> known_keys();

}  // namespace logdist::config
