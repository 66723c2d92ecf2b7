// Who may use the admin port: the file of `admin.tokens`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logdist/auth/token.hpp"
#include "logdist/config/load.hpp"

namespace logdist::auth {

/// What the owner of a token may do: look, or also change something.
enum class Role : std::uint8_t { read, operate };

/// One entry of the file.
struct AdminToken {
  std::string name;  ///< for the log: 1 to 64 of letters, digits, _, . and -
  Role role = Role::read;
  std::vector<TokenDigest> digests;  ///< several while a token is replaced by a new one
};

/// All who may use the admin port. Immutable, so that any thread may read it.
class AdminTokens {
 public:
  AdminTokens() = default;
  explicit AdminTokens(std::vector<AdminToken> entries) : entries_(std::move(entries)) {}

  /// Whose `token` is; null: nobody's. Every digest is compared, in constant time, so the time taken tells nothing.
  const AdminToken* find(std::string_view token) const;

  const std::vector<AdminToken>& entries() const { return entries_; }

 private:
  std::vector<AdminToken> entries_;
};

/// The file as it was read. Errors name its lines, and quote nothing of it: what is in it may be a token by mistake.
struct AdminTokensFile {
  AdminTokens tokens;
  std::vector<config::Error> errors;    ///< if there are any, there are no tokens
  std::vector<config::Error> warnings;  ///< others than its owner and his group may read or change it
};

/// A list of `{name, role, token_sha256}`, YAML. Reads the file, which may block; one that cannot be read is an error.
AdminTokensFile read_admin_tokens(const std::string& path);

/// The same from a text; `source` names it in errors.
AdminTokensFile parse_admin_tokens(std::string_view text, const std::string& source);

/// Adds to `loaded` what read_admin_tokens() finds in the file that admin.tokens names, if it names one.
void check_admin_tokens(config::Loaded& loaded);

}  // namespace logdist::auth
