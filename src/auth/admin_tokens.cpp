#include "logdist/auth/admin_tokens.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "logdist/base/file_text.hpp"
#include "logdist/config/text.hpp"
#include "logdist/config/yaml/report.hpp"
#include "logdist/config/yaml/tree.hpp"

namespace logdist::auth {
namespace {

using config::Node;

constexpr std::size_t name_size_max = 64;
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
constexpr std::string_view not_yaml = "is not valid YAML";
constexpr const char* entry_allowed = "a list of entries, each with name, role and token_sha256";
constexpr const char* digest_allowed =
    "the 64 hexadecimal digits that `log-distributor token` prints, or a list of them";

/// Reads the entries of one file, and reports all that is wrong with them.
class EntryReader {
 public:
  EntryReader(const std::string& source, config::Report& report) : source_(source), report_(report) {}

  std::vector<AdminToken> read(const Node& root) {
    std::vector<AdminToken> entries;
    if (root.type != Node::Type::list || root.values.empty()) {
      add(root.line, "", fmt::format("has no list of tokens; allowed: {}", entry_allowed));
      return entries;
    }
    for (const Node& node : root.values) {
      if (report_.full()) break;
      const std::string path = fmt::format("[{}]", entries.size());
      entries.push_back(read_entry(node, path));
    }
    return entries;
  }

 private:
  void add(std::size_t line, const std::string& key, std::string message) {
    report_.add_error({source_, line, key}, std::move(message));
  }

  AdminToken read_entry(const Node& node, const std::string& path) {
    AdminToken entry;
    if (node.type != Node::Type::mapping) {
      add(node.line, path, "is no entry; allowed: name, role and token_sha256");
      return entry;
    }
    std::map<std::string, std::size_t> line_of_key;
    for (std::size_t i = 0; i < node.keys.size() && !report_.full(); ++i) {
      const Node& key = node.keys[i];
      const bool known = key.text == "name" || key.text == "role" || key.text == "token_sha256";
      if (key.type != Node::Type::scalar || !known) {
        add(key.line, path, "has an unknown key; allowed: name, role and token_sha256");
      } else if (!line_of_key.emplace(key.text, key.line).second) {
        add(key.line, path + '.' + key.text, "is given twice; allowed: once");
      } else {
        read_value(key, node.values[i], path + '.' + key.text, entry);
      }
    }
    for (const char* key : {"name", "role", "token_sha256"}) {
      if (!line_of_key.contains(key)) add(node.line, path + '.' + key, "is missing");
    }
    return entry;
  }

  void read_value(const Node& key, const Node& value, const std::string& path, AdminToken& entry) {
    if (key.text == "token_sha256") return read_digests(key, value, path, entry);
    const std::string text = value.type == Node::Type::scalar ? value.text : "";
    if (key.text == "role") {
      if (text != "read" && text != "operate") add(key.line, path, "is no role; allowed: read or operate");
      entry.role = text == "operate" ? Role::operate : Role::read;
      return;
    }
    const bool sound =
        !text.empty() && text.size() <= name_size_max && text.find_first_not_of(name_characters) == std::string::npos;
    if (!sound) return add(key.line, path, "is no name; allowed: 1 to 64 of letters, digits, _, . and -");
    const auto [first, is_new] = line_of_name_.emplace(text, key.line);
    if (!is_new) add(key.line, path, fmt::format("is also the name on line {}; allowed: a unique name", first->second));
    entry.name = text;
  }

  void read_digests(const Node& key, const Node& value, const std::string& path, AdminToken& entry) {
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
      entry.digests.push_back(*digest);
    }
  }

  const std::string& source_;
  config::Report& report_;
  std::map<std::string, std::size_t> line_of_name_;
  std::map<TokenDigest, std::size_t> line_of_digest_;
};

AdminTokensFile take(config::Report& report, std::vector<AdminToken> entries) {
  config::Loaded loaded;
  report.move_to(loaded);
  if (!loaded.errors.empty()) entries.clear();
  return {AdminTokens(std::move(entries)), std::move(loaded.errors), std::move(loaded.warnings)};
}

void parse(std::string_view text, const std::string& source, config::Report& report, std::vector<AdminToken>& entries) {
  config::Report of_yaml;
  const auto root = config::parse_yaml(text, source, of_yaml);
  if (root) entries = EntryReader(source, report).read(*root);
  config::Loaded found;
  of_yaml.move_to(found);
  for (const config::Error& error : found.errors) {
    const bool may_quote = error.message.starts_with(not_yaml);
    report.add_error({source, error.line, ""}, may_quote ? std::string(not_yaml) : error.message);
  }
}

}  // namespace

const AdminToken* AdminTokens::find(std::string_view token) const {
  const TokenDigest digest = digest_of(token);
  const AdminToken* owner = nullptr;
  for (const AdminToken& entry : entries_) {
    for (const TokenDigest& known : entry.digests) {
      if (is_same(known, digest)) owner = &entry;
    }
  }
  return owner;
}

AdminTokensFile parse_admin_tokens(std::string_view text, const std::string& source) {
  config::Report report;
  std::vector<AdminToken> entries;
  parse(text, source, report, entries);
  return take(report, std::move(entries));
}

AdminTokensFile read_admin_tokens(const std::string& path) {
  config::Report report;
  std::vector<AdminToken> entries;
  const FileText file = read_file(path, config::text_bytes_max, FileKind::regular);
  const std::string source = config::printable(path);
  if (file.error != 0) {
    report.add_error({source, 0, ""}, "cannot be read: " + std::generic_category().message(file.error));
    return take(report, {});
  }
  if ((file.mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    report.add_warning({source, 0, ""}, fmt::format("others may read or change it (mode {:04o}); better: chmod 640",
                                                    file.mode & 07777U));
  }
  parse(file.text, source, report, entries);
  return take(report, std::move(entries));
}

void check_admin_tokens(config::Loaded& loaded) {
  const std::string& path = loaded.options.admin.tokens;
  const bool refused =
      std::ranges::any_of(loaded.errors, [](const auto& error) { return error.key == "admin.tokens"; });
  if (path.empty() || refused) return;
  AdminTokensFile file = read_admin_tokens(path);
  const auto append = [&](std::vector<config::Error>& to, const std::vector<config::Error>& found) {
    for (const config::Error& one : found) to.push_back(loaded.error_of("admin.tokens", config::to_string(one)));
  };
  append(loaded.errors, file.errors);
  append(loaded.warnings, file.warnings);
}

}  // namespace logdist::auth
