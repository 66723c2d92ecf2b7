#include "cli/token_command.hpp"

#include <ostream>
#include <string>

#include "logdist/auth/token.hpp"

namespace logdist::cli {

int run_token(const TokenCommandOptions&, std::ostream& out) {
  const std::string token = auth::make_token();
  out << "token: " << token << "\ntoken_sha256: " << auth::to_text(auth::digest_of(token)) << '\n';
  out.flush();
  return out ? 0 : 1;
}

}  // namespace logdist::cli
