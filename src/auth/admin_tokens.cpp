#include "logdist/auth/admin_tokens.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "auth/entry_file.hpp"
#include "logdist/config/text.hpp"

namespace logdist::auth {
namespace {

using config::Node;

constexpr std::array<std::string_view, 3> entry_keys{"name", "role", "token_sha256"};
constexpr std::size_t entries_max = 10'000;
constexpr EntryReader::Shape shape{"tokens", "name, role and token_sha256", entry_keys, entry_keys, entries_max};

std::vector<AdminToken> read(const Node& root, const std::string& source, config::Report& report) {
  std::vector<AdminToken> entries;
  EntryReader reader(source, report, shape);
  reader.read(
      root, [&](std::size_t, const std::string&) { entries.emplace_back(); },
      [&](const Node& key, const Node& value, const std::string& path) {
        AdminToken& entry = entries.back();
        if (key.text == "name") entry.name = reader.read_name(key, value, path);
        if (key.text == "token_sha256") entry.digests = reader.read_digests(key, value, path);
        if (key.text != "role") return;
        const std::string text = value.type == Node::Type::scalar ? value.text : "";
        if (text != "read" && text != "operate") {
          reader.add(key.line, path, "is no role; allowed: read or operate");
        }
        entry.role = text == "operate" ? Role::operate : Role::read;
      });
  return entries;
}

AdminTokensFile take(config::Report& report, std::vector<AdminToken> entries) {
  AdminTokensFile file;
  report.move_to(file);
  if (file.errors.empty()) file.tokens = AdminTokens(std::move(entries));
  return file;
}

AdminTokensFile parse(std::string_view text, const std::string& source, config::Report& report) {
  const auto root = parse_entries(text, source, report);
  return take(report, root ? read(*root, source, report) : std::vector<AdminToken>());
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
  return parse(text, source, report);
}

AdminTokensFile read_admin_tokens(const std::string& path) {
  config::Report report;
  const auto text = read_entries(path, S_IROTH | S_IWOTH | S_IWGRP, "chmod 640", report);
  return text ? parse(*text, config::printable(path), report) : take(report, {});
}

void check_admin_tokens(config::Loaded& loaded) {
  check_entries(loaded, "admin.tokens", loaded.options.admin.tokens, read_admin_tokens);
}

}  // namespace logdist::auth
