// `token`: makes a token for the file of admin.tokens.
#pragma once

#include <iosfwd>

namespace logdist::cli {

struct TokenCommandOptions {};

/// Prints a new token, for its owner, and its digest, for the file. Returns the exit code, 0. Throws when the system
/// has no random numbers.
int run_token(const TokenCommandOptions& options, std::ostream& out);

}  // namespace logdist::cli
