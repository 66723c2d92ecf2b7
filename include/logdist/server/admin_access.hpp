// Who may use the admin port, as of now.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "logdist/auth/admin_tokens.hpp"
#include "logdist/config/options.hpp"

namespace logdist::server {

/// Names by which the admin port may be asked, besides addresses and `localhost`: those of admin.hosts and of
/// admin.listen.
std::vector<std::string> admin_host_names(const config::AdminOptions& admin);

/// Takes new tokens in two steps, so that a reload is taken or refused as a whole: prepare() reads the file,
/// use_prepared() makes later requests need its tokens. Confined to the control thread.
class AdminAccess {
 public:
  /// What is wrong with the file of `options`, each in a line; empty: all is good. `listening` is where the admin port
  /// is, whatever `options` say: it may not lose its tokens where others reach it.
  std::vector<std::string> prepare(const config::Options& options, const std::vector<config::ListenAddress>& listening);
  /// After a prepare() that found nothing wrong.
  void use_prepared() { tokens_ = std::move(prepared_); }

  /// Null: whoever reaches the port may use it.
  std::shared_ptr<const auth::AdminTokens> tokens() const { return tokens_; }

 private:
  std::shared_ptr<const auth::AdminTokens> tokens_;
  std::shared_ptr<const auth::AdminTokens> prepared_;
};

}  // namespace logdist::server
