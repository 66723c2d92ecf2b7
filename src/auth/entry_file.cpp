#include "auth/entry_file.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/file_text.hpp"
#include "logdist/config/yaml/printable.hpp"

namespace logdist::auth {
namespace {

using config::Node;

constexpr std::size_t name_size_max = 64;
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
constexpr std::string_view not_yaml = "is not valid YAML";
constexpr const char* digest_allowed =
    "the 64 hexadecimal digits that `log-distributor token` prints, or a list of them";

}  // namespace

void EntryReader::read(const Node& root, const std::function<void(std::size_t, const std::string&)>& begin,
                       const std::function<void(const Node&, const Node&, const std::string&)>& value) {
  if (root.type != Node::Type::list || root.values.empty()) {
    return add(root.line, "",
               fmt::format("has no list of {}; allowed: a list of entries, each with {}", shape_.things, shape_.keys));
  }
  for (std::size_t index = 0; index < root.values.size() && !report_.full(); ++index) {
    const Node& entry = root.values[index];
    const std::string path = fmt::format("[{}]", index);
    if (index == shape_.entries_max) {
      return add(entry.line, path, fmt::format("is one too many; allowed: {}", shape_.entries_max));
    }
    if (entry.type != Node::Type::mapping) {
      add(entry.line, path, fmt::format("is no entry; allowed: {}", shape_.keys));
      continue;
    }
    begin(entry.line, path);
    read_keys(entry, path, shape_.known, shape_.keys, value);
    for (const std::string_view key : shape_.required) {
      if (std::ranges::find(entry.keys, key, &Node::text) == entry.keys.end())
        add(entry.line, fmt::format("{}.{}", path, key), "is missing");
    }
  }
}

void EntryReader::read_keys(const Node& mapping, const std::string& path, std::span<const std::string_view> known,
                            std::string_view allowed,
                            const std::function<void(const Node&, const Node&, const std::string&)>& value) {
  std::map<std::string, std::size_t> line_of_key;
  for (std::size_t i = 0; i < mapping.keys.size() && !report_.full(); ++i) {
    const Node& key = mapping.keys[i];
    if (key.type != Node::Type::scalar || std::ranges::find(known, key.text) == known.end()) {
      add(key.line, path, fmt::format("has an unknown key; allowed: {}", allowed));
    } else if (!line_of_key.emplace(key.text, key.line).second) {
      add(key.line, path + '.' + key.text, "is given twice; allowed: once");
    } else {
      value(key, mapping.values[i], path + '.' + key.text);
    }
  }
}

std::string EntryReader::read_name(const Node& key, const Node& value, const std::string& path) {
  const std::string text = value.type == Node::Type::scalar ? value.text : "";
  const bool sound =
      !text.empty() && text.size() <= name_size_max && text.find_first_not_of(name_characters) == std::string::npos;
  if (!sound) {
    add(key.line, path, "is no name; allowed: 1 to 64 of letters, digits, _, . and -");
    return {};
  }
  const auto [first, is_new] = line_of_name_.emplace(text, key.line);
  if (!is_new) add(key.line, path, fmt::format("is also the name on line {}; allowed: a unique name", first->second));
  return text;
}

std::vector<TokenDigest> EntryReader::read_digests(const Node& key, const Node& value, const std::string& path) {
  std::vector<TokenDigest> digests;
  const bool is_list = value.type == Node::Type::list;
  if (is_list && value.values.empty()) add(key.line, path, fmt::format("is empty; allowed: {}", digest_allowed));
  for (const Node& node : is_list ? value.values : std::vector<Node>{value}) {
    const std::size_t line = node.line > 0 ? node.line : key.line;
    const auto digest = node.type == Node::Type::scalar ? parse_digest(node.text) : std::nullopt;
    if (!digest) {
      add(line, path, fmt::format("is no SHA-256 digest of a token; allowed: {}", digest_allowed));
      continue;
    }
    const auto [first, is_new] = line_of_digest_.emplace(*digest, line);
    if (!is_new) {
      add(line, path, fmt::format("is also the digest on line {}; allowed: a token for each", first->second));
    }
    digests.push_back(*digest);
  }
  return digests;
}

std::vector<Node> EntryReader::read_list(const Node& key, const Node& value, const std::string& path, std::size_t max,
                                         std::string_view what) {
  std::vector<Node> found;
  const bool is_list = value.type == Node::Type::list;
  if (is_list && value.values.empty()) add(key.line, path, fmt::format("is empty; allowed: {}", what));
  for (Node node : is_list ? value.values : std::vector<Node>{value}) {
    if (node.line == 0) node.line = key.line;
    if (node.type != Node::Type::scalar) {
      add(node.line, path, fmt::format("is no text; allowed: {}", what));
    } else if (found.size() == max) {
      add(node.line, path, fmt::format("has more than {} of them; allowed: fewer", max));
      break;
    } else {
      found.push_back(std::move(node));
    }
  }
  return found;
}

std::optional<Node> parse_entries(std::string_view text, const std::string& source, config::Report& report) {
  config::Report of_yaml;
  auto root = config::parse_yaml(text, source, of_yaml);
  config::Loaded found;
  of_yaml.move_to(found);
  for (const config::Error& error : found.errors) {
    const bool may_quote = error.message.starts_with(not_yaml);
    report.add_error({source, error.line, ""}, may_quote ? std::string(not_yaml) : error.message);
  }
  return root;
}

std::optional<std::string> read_entries(const std::string& path, unsigned unwanted, std::string_view better,
                                        config::Report& report) {
  FileText file = read_file(path, config::text_bytes_max, FileKind::regular);
  const std::string source = config::printable(path);
  if (file.error != 0) {
    report.add_error({source, 0, ""}, "cannot be read: " + std::generic_category().message(file.error));
    return std::nullopt;
  }
  if ((file.mode & unwanted) != 0) {
    report.add_warning({source, 0, ""}, fmt::format("others may read or change it (mode {:04o}); better: {}",
                                                    file.mode & 07777U, better));
  }
  return std::move(file.text);
}

void append_found(config::Loaded& loaded, const std::string& key, const std::vector<config::Error>& errors,
                  const std::vector<config::Error>& warnings) {
  for (const config::Error& one : errors) loaded.errors.push_back(loaded.error_of(key, config::to_string(one)));
  for (const config::Error& one : warnings) loaded.warnings.push_back(loaded.error_of(key, config::to_string(one)));
}

}  // namespace logdist::auth
